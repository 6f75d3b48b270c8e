"""Counts of requests by operation, by status and by billing class."""

import threading
from collections import Counter
from dataclasses import dataclass, field

_OBJECT_WRITES = {"objects.insert", "objects.list", "objects.patch", "objects.rewrite"}
CLASS_A = _OBJECT_WRITES | {"buckets.insert", "buckets.list", "buckets.patch"}
CLASS_B = {"buckets.get", "objects.get", "objects.download", "xml.get", "xml.head"}
"""Other operations are free: deletes, and all requests of a resumable upload except one.

Source: the table of operations in https://cloud.google.com/storage/pricing#operations-pricing."""


def billing_class(operation: str) -> str:
    """Return ``A``, ``B`` or ``free``."""
    if operation in CLASS_A:
        return "A"
    return "B" if operation in CLASS_B else "free"


@dataclass(slots=True)
class Counts:
    """Counters since the last ``clear``; thread-safe."""

    requests: Counter[str] = field(default_factory=Counter)
    """Requests by operation, for any status."""
    answers: Counter[str] = field(default_factory=Counter)
    """Responses by operation and status, such as ``objects.insert 412``."""
    billed: Counter[str] = field(default_factory=Counter)
    """Operations by billing class. 4xx and 5xx are not charged (same page), 304 is."""

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, operation: str, status: int) -> None:
        """Count a request."""
        with self._lock:
            self.requests[operation] += 1
            self.answers[f"{operation} {status}"] += 1
            if status < 400:
                self.billed[billing_class(operation)] += 1

    def clear(self) -> None:
        """Set all counts to 0."""
        with self._lock:
            for counter in (self.requests, self.answers, self.billed):
                counter.clear()

    def snapshot(self) -> dict[str, dict[str, int]]:
        """Return a copy of all counts."""
        with self._lock:
            return {
                "requests": dict(self.requests),
                "answers": dict(self.answers),
                "billed": dict(self.billed),
            }
