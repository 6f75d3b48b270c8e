"""Backlog of one subscription: waiting messages, and leased messages with a deadline."""

import itertools
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from google.pubsub_v1.types import Subscription

from local.stand_ins.pubsub_messages import PubsubMessage, ReceivedMessage

DELETED_TOPIC = "_deleted-topic_"


@dataclass(slots=True)
class Delivery:
    """Message of one subscription, with its number of delivery attempts."""

    message: PubsubMessage
    attempts: int = 0


@dataclass(slots=True)
class Lease:
    """Delivery that a client holds; after the deadline the message is delivered again."""

    delivery: Delivery
    expires: float


class Backlog:
    """Messages of one subscription; times are seconds since the epoch.

    A method that takes deliveries back returns those without remaining attempts. They have left the
    subscription and belong to its dead-letter topic. Without a dead-letter policy the number of
    attempts is unlimited.
    """

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        # Each access to a field of the message takes microseconds. These are read per message.
        self.topic = str(subscription.topic)
        self._name, self._deadline = str(subscription.name), int(subscription.ack_deadline_seconds)
        self._max_attempts = int(subscription.dead_letter_policy.max_delivery_attempts)
        self._waiting: deque[Delivery] = deque()
        self._leases: dict[str, Lease] = {}
        # No lease expires before this time. An acknowledged lease can leave it too low.
        self._next_expiry = math.inf
        self._ids = itertools.count(1)

    def __len__(self) -> int:
        """Return the number of unacknowledged messages."""
        return len(self._waiting) + len(self._leases)

    def forget_topic(self) -> None:
        """Name the deleted topic as Pub/Sub does."""
        self.topic = self.subscription.topic = DELETED_TOPIC

    def add(self, message: PubsubMessage, attempts: int = 0) -> None:
        """Add a message for its next delivery, by default the first one."""
        self._waiting.append(Delivery(message, attempts))

    def lease(self, limit: int, now: float) -> list[ReceivedMessage]:
        """Lease at most ``limit`` waiting messages, with the deadline of the subscription."""
        count = min(limit, len(self._waiting))
        return [self._lease(self._waiting.popleft(), now) for _ in range(count)]

    def _lease(self, delivery: Delivery, now: float) -> ReceivedMessage:
        delivery.attempts += 1
        ack_id = f"{self._name}:{next(self._ids)}"
        self._set_lease(ack_id, delivery, now + self._deadline)
        return ReceivedMessage(
            ack_id=ack_id,
            message=delivery.message,
            # Pub/Sub reports the attempt only with a dead-letter policy.
            delivery_attempt=delivery.attempts if self._max_attempts else 0,
        )

    def acknowledge(self, ack_ids: Iterable[str]) -> None:
        """Delete acknowledged messages; an expired id is not an error, like in production."""
        for ack_id in ack_ids:
            self._leases.pop(ack_id, None)

    def extend(self, ack_ids: Iterable[str], seconds: int, now: float) -> list[Delivery]:
        """Move the deadline of leases to ``seconds`` from now; 0 returns the messages at once."""
        leased = [ack_id for ack_id in ack_ids if ack_id in self._leases]
        if seconds == 0:
            return self._take_back(leased)
        for ack_id in leased:
            self._set_lease(ack_id, self._leases[ack_id].delivery, now + seconds)
        return []

    def _set_lease(self, ack_id: str, delivery: Delivery, expires: float) -> None:
        self._leases[ack_id] = Lease(delivery, expires)
        self._next_expiry = min(self._next_expiry, expires)

    def expire(self, now: float) -> list[Delivery]:
        """Take back leases after their deadline.

        It returns at once before the next deadline, because each pull calls it for all
        subscriptions.
        """
        if now < self._next_expiry:
            return []
        exhausted = self._take_back(
            [k for k, lease in self._leases.items() if lease.expires <= now]
        )
        self._next_expiry = min(
            (lease.expires for lease in self._leases.values()), default=math.inf
        )
        return exhausted

    def _take_back(self, ack_ids: Iterable[str]) -> list[Delivery]:
        returned = [self._leases.pop(ack_id).delivery for ack_id in ack_ids]
        exhausted = [d for d in returned if self._max_attempts and d.attempts >= self._max_attempts]
        self._waiting.extend(delivery for delivery in returned if delivery not in exhausted)
        return exhausted
