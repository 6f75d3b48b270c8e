"""Simulation of group commit: many changes to the record of one project.

Instances read the record, merge the waiting changes, and write under the generation that they
read. Cloud Storage takes one write a second to a name. After a lost race (412) or an early write
(429) an instance starts over after a pause, as in ``indexer.commit``. No service runs, so the
result is always the same.
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
class SimulationResult:
    """Result of a simulation."""

    writes_a_second: float
    group: float
    """Mean number of changes in a write."""
    median: float
    """Median of the seconds from a push to its response."""
    p99: float
    most_waiting: int
    """Largest number of pushes that waited at a time."""


@dataclass
class _Instance:
    arrivals: Sequence[float]
    taken: int = 0
    group_from: int = 0
    seen: int = 0
    """Generation that the instance read."""
    pause: float = PAUSE
    latencies: list[float] = field(default_factory=list)

    def begin(self, now: float) -> float | None:
        """Take the waiting changes; return the time of the response to the first read."""
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


def simulate(changes_a_second: float, instances: int) -> SimulationResult:
    """Simulate changes to one project at random times, spread evenly over the instances."""
    chance = random.Random(1)  # noqa: S311 - the same every time
    arrivals = _make_arrivals(changes_a_second, chance)
    workers = [_Instance(arrivals[number::instances]) for number in range(instances)]
    events: list[tuple[float, int, str]] = []
    for number, worker in enumerate(workers):
        _push_event(events, worker.begin(0.0), number, "read")
    generation, last_write, writes = 0, -INTERVAL, 0
    groups: list[int] = []
    while events:
        now, number, action = heapq.heappop(events)
        worker = workers[number]
        if action == "read":
            worker.seen = generation
            _push_event(events, now + WRITE, number, "write")
        elif worker.seen == generation and now - last_write >= INTERVAL:
            generation, last_write, writes = generation + 1, now, writes + 1
            groups.append(worker.answer(now))
            _push_event(events, worker.begin(now), number, "read")
        else:
            wait = worker.pause * chance.uniform(0.5, 1.5)
            worker.pause = min(2 * worker.pause, LONGEST_PAUSE)
            _push_event(events, now + wait + READ, number, "read")
    latencies = sorted(latency for worker in workers for latency in worker.latencies)
    return SimulationResult(
        writes_a_second=writes / last_write,
        group=sum(groups) / len(groups),
        median=latencies[len(latencies) // 2],
        p99=latencies[len(latencies) * 99 // 100],
        most_waiting=_find_most_waiting(workers),
    )


def _make_arrivals(rate: float, chance: random.Random) -> list[float]:
    arrivals, now = [], 0.0
    while (now := now + chance.expovariate(rate)) < SECONDS:
        arrivals.append(now)
    return arrivals


def _push_event(
    events: list[tuple[float, int, str]], when: float | None, number: int, action: str
) -> None:
    if when is not None:
        heapq.heappush(events, (when, number, action))


def _find_most_waiting(workers: Sequence[_Instance]) -> int:
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
