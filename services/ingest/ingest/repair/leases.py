"""Leases of pulled messages, which a thread extends until the messages are acknowledged."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from cloud.errors import CloudError
from cloud.forwarding.messages import PulledMessage, PullSubscription

LEASE = 20
"""Seconds of a lease. The letters of a killed process are available again after this time.

The acknowledgement deadline of the subscription is much longer: 600 s.
"""

_INTERVAL = LEASE / 4
"""Seconds between two extensions of all leases."""


class Leases:
    """Messages that this process holds, as a context manager.

    At its end, Pub/Sub gets the messages back that were not acknowledged. If an extension fails, a
    lease can expire: then the message is delivered again, which is harmless.
    """

    def __init__(self, subscription: PullSubscription, interval: float = _INTERVAL) -> None:
        self._subscription = subscription
        self._interval = interval
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"leases {subscription.name}")

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the thread, and release all messages that are still held."""
        self._end.set()
        self._thread.join()
        with suppress(CloudError):  # the leases expire soon
            self._subscription.extend(self._held, 0)

    def hold(self, messages: Iterable[PulledMessage]) -> None:
        """Hold messages until their acknowledgement."""
        leases = [message.lease for message in messages]
        with self._lock:
            self._held.update(leases)
        self._subscription.extend(leases, LEASE)

    def acknowledge(self, message: PulledMessage) -> None:
        """Acknowledge a message."""
        self._subscription.acknowledge([message.lease])
        with self._lock:
            self._held.discard(message.lease)

    def _keep(self) -> None:
        while not self._end.wait(self._interval):
            with self._lock:
                held = list(self._held)
            with suppress(CloudError):  # tried again after the interval
                self._subscription.extend(held, LEASE)
