"""Ports to raw Pub/Sub messages, which keep data and attributes: pull, acknowledge and republish.

They are synchronous, like ``Bucket`` and ``Topic`` (:mod:`cloud.ports`). Every method can raise
:class:`~cloud.errors.NotFound`, :class:`~cloud.errors.PermissionDenied` and
:class:`~cloud.errors.Unavailable`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Message with its data and attributes as they were published."""

    data: bytes
    attributes: Mapping[str, str] = field(default_factory=lambda: _NO_ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class PulledMessage:
    """Message of a subscription, leased to this client until a deadline."""

    lease: str
    """Acknowledgement id of this delivery."""
    message_id: str
    """Id from Pub/Sub; the same in every delivery, unique within the topic."""
    publish_time: datetime
    """Publish time in UTC, set by Pub/Sub."""
    raw: RawMessage


class PullSubscription(Protocol):
    """One Pub/Sub subscription without a push endpoint."""

    @property
    def name(self) -> str:
        """Name of the subscription, without its project."""
        ...

    def pull(self, limit: int, wait: float) -> Sequence[PulledMessage]:
        """Lease at most ``limit`` messages; return none if none arrives within ``wait`` seconds.

        An empty result is no proof of an empty subscription: Pub/Sub is distributed.
        """
        ...

    def acknowledge(self, leases: Collection[str]) -> None:
        """Remove messages from the subscription."""
        ...

    def extend(self, leases: Collection[str], seconds: int) -> None:
        """Move the deadline of leases to ``seconds`` from now; 0 makes Pub/Sub redeliver at once.

        Expired leases are ignored.
        """
        ...


class RawTopic(Protocol):
    """One Pub/Sub topic, for messages that are forwarded unread."""

    def publish(self, message: RawMessage) -> None:
        """Publish ``message``, and return when Pub/Sub has accepted it for delivery."""
        ...
