"""Injected failures, by request, kind, moment and number of times."""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal["error", "reset", "latency", "truncate", "hang"]
"""Kind of a failure.

``error``: a response with ``status``. ``reset``: a connection reset. ``latency``: a delay of
``seconds``. ``truncate``: a body that ends after ``after_bytes``. ``hang``: no response for
``seconds``, then a closed connection."""

When = Literal["before", "after"]
"""Moment of a failure: before the operation, or after its effect."""


@dataclass(slots=True)
class Fault:
    """One rule. The patterns are shell patterns; ``*`` matches slashes too."""

    kind: Kind = "error"
    operation: str = "*"
    bucket: str = "*"
    name: str = "*"
    when: When = "before"
    status: int = 503
    message: str = ""
    """Message of the error; empty: the usual one of the status."""
    seconds: float = 0.0
    after_bytes: int = 0
    times: int | None = 1
    """Number of requests that fail; None means all."""
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or self.when not in get_args(When):
            raise ValueError(f"unknown fault: {self.kind} {self.when}")

    @classmethod
    def from_json(cls, settings: Mapping[str, object]) -> "Fault":
        """Make a fault from a JSON object.

        :raises ValueError: if a name is not a field of a fault.
        """
        if unknown := settings.keys() - {f.name for f in fields(cls)}:
            raise ValueError(f"a fault has no field {', '.join(sorted(unknown))}")
        return cls(**settings)  # type: ignore[arg-type]  # from a control request of a test

    def matches(self, operation: str, bucket: str, name: str) -> bool:
        """Return whether the rule is for this request."""
        return (
            fnmatchcase(operation, self.operation)
            and fnmatchcase(bucket, self.bucket)
            and fnmatchcase(name, self.name)
        )


class Faults:
    """The active rules; reproducible by the seed of the random numbers; thread-safe."""

    def __init__(self, seed: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        """Number of requests with a fault, by its kind; after the effect it is a lost answer."""
        self._rules: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311 - not secret
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Add a rule and return it."""
        with self._lock:
            self._rules.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Remove a rule, unless it has ended."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule is not fault]

    def clear(self, seed: int = 0) -> None:
        """Remove all rules and seed the random numbers."""
        with self._lock:
            self._rules.clear()
            self._random.seed(seed)

    def pick(self, operation: str, bucket: str, name: str) -> list[Fault]:
        """Return the rules for this request, and count the request for each."""
        if not self._rules:
            return []
        with self._lock:
            picked = [f for f in self._rules if f.matches(operation, bucket, name)]
            picked = [f for f in picked if self._random.random() < f.probability]
            for fault in picked:
                self.counts[fault.kind if fault.when == "before" else "lost answer"] += 1
                if fault.times is not None:
                    fault.times -= 1
            self._rules = [f for f in self._rules if f.times is None or f.times > 0]
        return picked

    def snapshot(self) -> list[dict[str, object]]:
        """Return a copy of all rules."""
        with self._lock:
            return [asdict(fault) for fault in self._rules]
