"""The ports of raw Pub/Sub messages in memory, on the broker of the built-in Pub/Sub."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC

from google.pubsub_v1.types import Subscription, Topic

from cloud import errors
from cloud.forwarding.messages import PulledMessage, RawMessage
from local.stand_ins.grpc_server import StatusError
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub_messages import PubsubMessage

PARENT = "projects/gcpypi-test"


class MemoryPubsub:
    """Topics and subscriptions with a clock that only moves when it is told to, or waited for.

    ``on_publish`` is called with each message before it is published. It can block or raise.
    """

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self.broker = Broker()
        self.seconds = start
        self.on_publish: Callable[[str, RawMessage], None] | None = None
        self.extensions: list[int] = []
        """The seconds of each extension so far."""
        self.lock = threading.RLock()

    def create(self, topic: str, *subscriptions: str, deadline: int = 600) -> None:
        """Create a topic and its subscriptions."""
        self.broker.create_topic(Topic(name=f"{PARENT}/topics/{topic}"))
        for name in subscriptions:
            self.broker.create_subscription(
                Subscription(
                    name=f"{PARENT}/subscriptions/{name}",
                    topic=f"{PARENT}/topics/{topic}",
                    ack_deadline_seconds=deadline,
                )
            )

    def publish(self, topic: str, message: RawMessage) -> str:
        """Publish as another client would; return the message id."""
        with self.lock:
            sent = PubsubMessage(data=message.data, attributes=dict(message.attributes))
            return self.broker.publish(f"{PARENT}/topics/{topic}", [sent], self.seconds)[0]

    def count(self, subscription: str) -> int:
        """Return the number of messages that are not acknowledged."""
        return len(self.broker.find_backlog(f"{PARENT}/subscriptions/{subscription}"))

    def drain(self, subscription: str) -> list[RawMessage]:
        """Pull and acknowledge all messages that are not leased."""
        port = MemorySubscription(self, subscription)
        found = port.pull(1000, 0)
        port.acknowledge([message.lease for message in found])
        return [message.raw for message in found]


@dataclass(frozen=True, slots=True)
class MemoryRawTopic:
    """A :class:`cloud.forwarding.messages.RawTopic`."""

    pubsub: MemoryPubsub
    name: str

    def publish(self, message: RawMessage) -> None:
        if self.pubsub.on_publish is not None:
            self.pubsub.on_publish(self.name, message)
        with _translate_errors(f"{PARENT}/topics/{self.name}"):
            self.pubsub.publish(self.name, message)


@dataclass(frozen=True, slots=True)
class MemorySubscription:
    """Subscription in memory; an empty pull moves the clock by its wait."""

    pubsub: MemoryPubsub
    name: str
    pulled: list[str] = field(default_factory=list)
    """Ids of the pulled messages, in order."""

    @property
    def path(self) -> str:
        return f"{PARENT}/subscriptions/{self.name}"

    def pull(self, limit: int, wait: float) -> Sequence[PulledMessage]:
        with self.pubsub.lock, _translate_errors(self.path):
            received = self.pubsub.broker.pull(self.path, limit, self.pubsub.seconds)
            if not received:
                self.pubsub.seconds += wait
                received = self.pubsub.broker.pull(self.path, limit, self.pubsub.seconds)
        self.pulled.extend(each.message.message_id for each in received)
        return [
            PulledMessage(
                lease=each.ack_id,
                message_id=each.message.message_id,
                publish_time=each.message.publish_time.ToDatetime(UTC),
                raw=RawMessage(each.message.data, dict(each.message.attributes)),
            )
            for each in received
        ]

    def acknowledge(self, leases: Collection[str]) -> None:
        with self.pubsub.lock, _translate_errors(self.path):
            self.pubsub.broker.find_backlog(self.path).acknowledge(leases)

    def extend(self, leases: Collection[str], seconds: int) -> None:
        with self.pubsub.lock, _translate_errors(self.path):
            self.pubsub.broker.modify_deadlines(self.path, leases, seconds, self.pubsub.seconds)
            self.pubsub.extensions.append(seconds)


@contextmanager
def _translate_errors(subject: str) -> Iterator[None]:
    """Raise an unknown name as the adapter does."""
    try:
        yield
    except StatusError as error:
        raise errors.NotFound(subject, error.detail) from error
