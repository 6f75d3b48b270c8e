"""How group commit bears many changes to one project, by a simulation of the record's protocol.

Instances read the record, merge what waits, and write under the generation they read; Cloud Storage
takes one write a second to a name. Who comes too late (412) or too soon (429) starts over after a
pause, as ``indexer.commit`` has it. Nothing real is run, so the answer is the same each time.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

INTERVAL = 1.0
"""Seconds between two writes to one name: https://cloud.google.com/storage/quotas#objects"""
READ, WRITE = 0.03, 0.06
"""Seconds of an operation: assumed."""
PAUSE, LONGEST_PAUSE = 0.2, 1.0
"""Seconds, as in ``indexer.commit``."""
SECONDS = 120.0


@dataclass(frozen=True)
class Load:
    """What came of so many changes a second."""

    writes_a_second: float
    group: float
    """Changes a write, on average."""
    median: float
    """Seconds from a push to its answer,"""
    p99: float
    most_waiting: int
    """and the most pushes that waited at a time."""


@dataclass
class _Instance:
    arrivals: Sequence[float]
    taken: int = 0
    group_from: int = 0
    seen: int = 0
    """The generation it read."""
    pause: float = PAUSE
    latencies: list[float] = field(default_factory=list)

    def begin(self, now: float) -> float | None:
        """Take what waits; return when that commit's first read is answered."""
        self.group_from, self.pause = self.taken, PAUSE
        if self.taken == len(self.arrivals):
            return None
        start = max(now, self.arrivals[self.taken])
        while self.taken < len(self.arrivals) and self.arrivals[self.taken] <= start:
            self.taken += 1
        return start + READ

    def answer(self, now: float) -> int:
        """Answer the group; return its size."""
        group = self.arrivals[self.group_from : self.taken]
        self.latencies += [now - arrival for arrival in group]
        return len(group)


def simulate(changes_a_second: float, instances: int) -> Load:
    """Let changes to one project come at random, evenly spread over the instances."""
    chance = random.Random(1)  # noqa: S311 - the same every time
    arrivals = _arrivals(changes_a_second, chance)
    workers = [_Instance(arrivals[number::instances]) for number in range(instances)]
    events: list[tuple[float, int, str]] = []
    for number, worker in enumerate(workers):
        _push(events, worker.begin(0.0), number, "read")
    generation, last_write, writes = 0, -INTERVAL, 0
    groups: list[int] = []
    while events:
        now, number, what = heapq.heappop(events)
        worker = workers[number]
        if what == "read":
            worker.seen = generation
            _push(events, now + WRITE, number, "write")
        elif worker.seen == generation and now - last_write >= INTERVAL:
            generation, last_write, writes = generation + 1, now, writes + 1
            groups.append(worker.answer(now))
            _push(events, worker.begin(now), number, "read")
        else:
            wait = worker.pause * chance.uniform(0.5, 1.5)
            worker.pause = min(2 * worker.pause, LONGEST_PAUSE)
            _push(events, now + wait + READ, number, "read")
    latencies = sorted(latency for worker in workers for latency in worker.latencies)
    return Load(
        writes_a_second=writes / last_write,
        group=sum(groups) / len(groups),
        median=latencies[len(latencies) // 2],
        p99=latencies[len(latencies) * 99 // 100],
        most_waiting=_most_waiting(workers),
    )


def _arrivals(rate: float, chance: random.Random) -> list[float]:
    arrivals, now = [], 0.0
    while (now := now + chance.expovariate(rate)) < SECONDS:
        arrivals.append(now)
    return arrivals


def _push(events: list[tuple[float, int, str]], when: float | None, number: int, what: str) -> None:
    if when is not None:
        heapq.heappush(events, (when, number, what))


def _most_waiting(workers: Sequence[_Instance]) -> int:
    steps = [
        step
        for worker in workers
        for arrival, latency in zip(worker.arrivals, worker.latencies, strict=True)
        for step in ((arrival, 1), (arrival + latency, -1))
    ]
    waiting = most = 0
    for _, step in sorted(steps):
        waiting += step
        most = max(most, waiting)
    return most
