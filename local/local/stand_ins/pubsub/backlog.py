"""What one subscription has yet to deliver, and what it has lent out under a deadline."""

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from google.pubsub_v1.types import PubsubMessage, ReceivedMessage, Subscription


@dataclass(slots=True)
class Delivery:
    """A message on its way through one subscription."""

    message: PubsubMessage
    attempts: int = 0


@dataclass(slots=True)
class Lease:
    """A delivery a puller holds; when it expires the message goes round again."""

    delivery: Delivery
    expires: float


class Backlog:
    """The messages of one subscription. Times are seconds since the epoch.

    Every method that takes deliveries back returns those that have used up their attempts: they
    have left the subscription and belong to its dead-letter topic.
    """

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._waiting: deque[Delivery] = deque()
        self._leases: dict[str, Lease] = {}
        self._ids = itertools.count(1)

    def __len__(self) -> int:
        """How many messages are not acknowledged."""
        return len(self._waiting) + len(self._leases)

    def add(self, message: PubsubMessage) -> None:
        """Queue ``message`` for its first delivery."""
        self._waiting.append(Delivery(message))

    def lend(self, limit: int, now: float) -> list[ReceivedMessage]:
        """Return at most ``limit`` waiting messages, each under the subscription's deadline."""
        count = min(limit, len(self._waiting))
        return [self._lend(self._waiting.popleft(), now) for _ in range(count)]

    def _lend(self, delivery: Delivery, now: float) -> ReceivedMessage:
        delivery.attempts += 1
        ack_id = f"{self.subscription.name}:{next(self._ids)}"
        self._leases[ack_id] = Lease(delivery, now + self.subscription.ack_deadline_seconds)
        return ReceivedMessage(
            ack_id=ack_id,
            message=delivery.message,
            # Pub/Sub counts for the reader only where it counts for a dead-letter policy.
            delivery_attempt=delivery.attempts if self._max_attempts else 0,
        )

    def acknowledge(self, ack_ids: Iterable[str]) -> None:
        """Forget what was delivered; an id that has expired is no error, as in production."""
        for ack_id in ack_ids:
            self._leases.pop(ack_id, None)

    def extend(self, ack_ids: Iterable[str], seconds: int, now: float) -> list[Delivery]:
        """Let the leases end ``seconds`` from now; 0 hands the messages back at once."""
        held = [ack_id for ack_id in ack_ids if ack_id in self._leases]
        if seconds == 0:
            return self._take_back(held)
        for ack_id in held:
            self._leases[ack_id].expires = now + seconds
        return []

    def expire(self, now: float) -> list[Delivery]:
        """Take back what was held beyond its deadline."""
        return self._take_back([key for key, lease in self._leases.items() if lease.expires <= now])

    def _take_back(self, ack_ids: Iterable[str]) -> list[Delivery]:
        returned = [self._leases.pop(ack_id).delivery for ack_id in ack_ids]
        spent = [d for d in returned if self._max_attempts and d.attempts >= self._max_attempts]
        self._waiting.extend(delivery for delivery in returned if delivery not in spent)
        return spent

    @property
    def _max_attempts(self) -> int:
        """0 without a dead-letter policy: deliver for ever."""
        return int(self.subscription.dead_letter_policy.max_delivery_attempts)
