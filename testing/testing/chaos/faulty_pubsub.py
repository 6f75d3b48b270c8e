"""Pub/Sub with faults."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import grpc
from google.pubsub_v1.types import DeadLetterPolicy, Subscription, Topic

from local import topology
from local.stand_ins.grpc_server import StatusError
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub_messages import PubsubMessage
from testing.chaos.system_state import DeadLetter, PublishedMessage

PARENT = f"projects/{topology.GCP_PROJECT}"
ACK_DEADLINE = 10
"""Seconds until a push is given up; the minimum of Pub/Sub, and 600 in production."""
_DEADLINES = {"catalog": topology.ACK_DEADLINE}
"""Other deadlines by service. A push waits for the next run of the catalog, and the pause between
two runs is five times the length of a run, which is not scaled."""
MAX_ATTEMPTS = 100
"""Deliveries of a message before it becomes a dead letter; 30 in production.

With the scaled back-off they last five minutes, so that the starts of processes on a slow machine
exhaust them as little as a rollout exhausts four hours of production.
"""
MANY_ATTEMPTS = MAX_ATTEMPTS - 4
"""Earlier attempts of a message that cannot be read: its dead letter comes in seconds."""
MAX_COPIES = 4
"""Most deliveries of a message, without those after failures."""
SPREAD = 5.0
"""Longest delay of a second delivery, in seconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEAD_LETTER = "-dead-letter"


@dataclass(frozen=True)
class PubsubFaults:
    """Probabilities of the faults of Pub/Sub."""

    error: float = 0.0
    """A publication fails without effect."""
    lost_answer: float = 0.0
    """A publication fails after its effect."""
    duplicate: float = 0.0
    """A message is delivered two to four times."""
    late: float = 0.0
    """A message is delivered late."""
    delay: float = 0.0
    """Longest delay of a late message, in seconds."""


NO_FAULTS = PubsubFaults()


class FaultyBroker(Broker):
    """Topics and subscriptions of production, with faults; keeps all published messages.

    Only the event loop of its server changes it. Other threads set the public fields.
    """

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.published: list[PublishedMessage] = []
        self.faults = NO_FAULTS
        self.copies: dict[bytes, int] = {}
        """Number of deliveries by the data of a message; the default is 1."""
        self.attempts: dict[bytes, int] = {}
        """Number of earlier attempts by the data of a message; the default is 0."""
        self.injected: Counter[str] = Counter()
        self.listeners: list[Callable[[PublishedMessage], None]] = []
        """Functions that get each accepted message; they must not block."""
        self._random = random
        self._late: list[tuple[float, int, str, PubsubMessage]] = []
        self._numbers = itertools.count()
        for topic in topology.TOPICS:
            self.create_topic(Topic(name=f"{PARENT}/topics/{topic}"))
        for each in topology.SUBSCRIPTIONS:
            self._subscribe(each)

    def _subscribe(self, each: topology.Subscription) -> None:
        dead_letters = f"{PARENT}/topics/{each.dead_letter}"
        self.create_topic(Topic(name=dead_letters))
        policy = DeadLetterPolicy(
            dead_letter_topic=dead_letters, max_delivery_attempts=MAX_ATTEMPTS
        )
        self.create_subscription(
            Subscription(
                name=f"{PARENT}/subscriptions/{each.name}",
                topic=f"{PARENT}/topics/{each.topic}",
                ack_deadline_seconds=find_ack_deadline(each.service),
                dead_letter_policy=policy,
            )
        )

    def publish(self, topic: str, messages: Sequence[PubsubMessage], now: float) -> list[str]:
        """Publish; fail before or after the effect if a fault says so."""
        name, faulty = topic.rpartition("/")[2], not topic.endswith(_DEAD_LETTER)
        if faulty and self._happens("error", self.faults.error):
            raise StatusError(grpc.StatusCode.UNAVAILABLE, "injected before the effect")
        ids = super().publish(topic, messages, now)
        for each in messages:
            moment, attributes = _read_publish_time(each), dict(each.attributes)
            message = PublishedMessage(name, each.message_id, each.data, moment, attributes)
            self.published.append(message)
            for listener in self.listeners:
                listener(message)
        if faulty and self._happens("lost answer", self.faults.lost_answer):
            raise StatusError(grpc.StatusCode.UNAVAILABLE, "injected after the effect")
        return ids

    def _deliver(self, topic: str, message: PubsubMessage) -> None:
        now = message.publish_time.ToNanoseconds() / 1e9
        for name in self.list_subscriptions(topic):
            late = self._happens("late", self.faults.late)
            self._add(name, message, now + self._random.uniform(0, self.faults.delay * late))
            copies = self.copies.get(message.data, 1)
            if self._happens("duplicate", self.faults.duplicate):
                copies = max(copies, self._random.randint(2, MAX_COPIES))
            for _ in range(copies - 1):
                self._add(name, message, now + self._random.uniform(0, SPREAD))

    def _add(self, subscription: str, message: PubsubMessage, moment: float) -> None:
        heapq.heappush(self._late, (moment, next(self._numbers), subscription, message))

    def _happens(self, fault: str, probability: float) -> bool:
        happens = self._random.random() < probability
        self.injected[fault] += happens
        return happens

    def expire(self, now: float) -> None:
        """Deliver late messages, and take back leases after their deadline."""
        while self._late and self._late[0][0] <= now:
            _, _, subscription, message = heapq.heappop(self._late)
            self.backlogs[subscription].add(message, self.attempts.get(message.data, 0))
        super().expire(now)

    def count_waiting(self) -> int:
        """Return the number of messages that no service has acknowledged."""
        return len(self._late) + sum(map(len, list(self.backlogs.values())))

    def list_dead_letters(self) -> list[DeadLetter]:
        """Return all dead letters, in their order."""
        return [
            DeadLetter(each.topic.removesuffix(_DEAD_LETTER), each.message_id, each.data)
            for each in list(self.published)
            if each.topic.endswith(_DEAD_LETTER)
        ]


def find_ack_deadline(service: str) -> int:
    """Return the seconds until a push to a service is given up."""
    return _DEADLINES.get(service, ACK_DEADLINE)


def _read_publish_time(message: PubsubMessage) -> datetime:
    """Return the publish time in whole microseconds, as the services read it."""
    return _EPOCH + timedelta(microseconds=message.publish_time.ToMicroseconds())
