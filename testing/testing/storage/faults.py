"""Failures on demand: which requests, what kind, before or after the work is done, how often."""

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal["error", "reset", "latency", "truncate", "hang"]
"""An answer with ``status``; a connection reset; ``seconds`` of delay; a body that breaks off after
``after_bytes``; no answer for ``seconds``, then a closed connection."""

When = Literal["before", "after"]
"""Before the work is done, or after it: then it took effect and nobody was told."""


@dataclass(slots=True)
class Fault:
    """One rule. The patterns are shell patterns; ``*`` crosses slashes."""

    kind: Kind = "error"
    operation: str = "*"
    bucket: str = "*"
    name: str = "*"
    when: When = "before"
    status: int = 503
    seconds: float = 0.0
    after_bytes: int = 0
    times: int | None = 1
    """How many requests it strikes; None: all."""
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or self.when not in get_args(When):
            raise ValueError(f"no such fault: {self.kind} {self.when}")

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> "Fault":
        """From JSON.

        :raises ValueError: if it names what a fault does not have.
        """
        if unknown := settings.keys() - {f.name for f in fields(cls)}:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        return cls(**settings)  # type: ignore[arg-type]  # a control request made by a test

    def matches(self, operation: str, bucket: str, name: str) -> bool:
        return (
            fnmatchcase(operation, self.operation)
            and fnmatchcase(bucket, self.bucket)
            and fnmatchcase(name, self.name)
        )


class Faults:
    """The rules in force. Reproducible: the dice are seeded. Thread-safe."""

    def __init__(self, seed: int = 0) -> None:
        self._rules: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311 - dice, not secrets
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self, seed: int = 0) -> None:
        with self._lock:
            self._rules.clear()
            self._random.seed(seed)

    def pick(self, operation: str, bucket: str, name: str) -> list[Fault]:
        """The rules that strike this request; each is used up by one."""
        if not self._rules:
            return []
        with self._lock:
            struck = [f for f in self._rules if f.matches(operation, bucket, name)]
            struck = [f for f in struck if self._random.random() < f.probability]
            for fault in struck:
                if fault.times is not None:
                    fault.times -= 1
            self._rules = [f for f in self._rules if f.times is None or f.times > 0]
        return struck

    def snapshot(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(fault) for fault in self._rules]
