"""How often each operation was asked for, how it was answered, and what it would be billed as."""

import threading
from collections import Counter
from dataclasses import dataclass, field

_OBJECT_WRITES = {"objects.insert", "objects.list", "objects.patch", "objects.rewrite"}
CLASS_A = _OBJECT_WRITES | {"buckets.insert", "buckets.list", "buckets.patch"}
CLASS_B = {"buckets.get", "objects.get", "objects.download", "xml.get", "xml.head"}
"""Whatever is in neither class is free: deletes, and the requests of a resumable upload but one
(the operations table of https://cloud.google.com/storage/pricing#operations-pricing)."""


def billing_class(operation: str) -> str:
    """``A``, ``B`` or ``free``."""
    if operation in CLASS_A:
        return "A"
    return "B" if operation in CLASS_B else "free"


@dataclass(slots=True)
class Counts:
    """Counters that only grow until they are cleared. Thread-safe."""

    requests: Counter[str] = field(default_factory=Counter)
    """By operation, whatever the answer."""
    answers: Counter[str] = field(default_factory=Counter)
    """By operation and status, as ``objects.insert 412``."""
    billed: Counter[str] = field(default_factory=Counter)
    """By billing class. 4xx and 5xx are not charged (same page), 304 is."""

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, operation: str, status: int) -> None:
        with self._lock:
            self.requests[operation] += 1
            self.answers[f"{operation} {status}"] += 1
            if status < 400:
                self.billed[billing_class(operation)] += 1

    def clear(self) -> None:
        with self._lock:
            for counter in (self.requests, self.answers, self.billed):
                counter.clear()

    def snapshot(self) -> dict[str, dict[str, int]]:
        with self._lock:
            return {
                "requests": dict(self.requests),
                "answers": dict(self.answers),
                "billed": dict(self.billed),
            }
