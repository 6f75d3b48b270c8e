"""Schedule of the faults of one run, made from a seed. This module does nothing by itself.

Times are seconds since the begin of the fire. Each event has an end, so that the system is whole at
the end of the schedule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

from local import topology
from testing.chaos.faulty_pubsub import ACK_DEADLINE, PubsubFaults
from testing.chaos.service_members import SERVICES
from testing.storage import Fault

KILL_INTERVAL = 3.0
"""Seconds between two kills."""
STALL = ACK_DEADLINE + 2.0
"""Seconds of a stop or stall that exceeds the ack deadline."""
JUMP = 600.0
"""Seconds by which the clock of one process jumps."""
REPLACEABLE = ("ingest", "indexer-1", "publisher", "catalog")
"""Members that a rollout replaces by the previous release, which has the same services."""


@dataclass(frozen=True)
class TimedEvent:
    """Event from ``at`` to ``at + seconds``."""

    at: float
    seconds: float


@dataclass(frozen=True)
class Kill(TimedEvent):
    """SIGKILL of a process, and its start after ``seconds``."""

    member: str


@dataclass(frozen=True)
class Halt(TimedEvent):
    """SIGSTOP of a process, and SIGCONT after ``seconds``."""

    member: str


@dataclass(frozen=True)
class StorageOutage(TimedEvent):
    """Faults of Cloud Storage."""

    faults: Sequence[Fault]


@dataclass(frozen=True)
class PubsubOutage(TimedEvent):
    """Faults of Pub/Sub; no two of them overlap."""

    faults: PubsubFaults


@dataclass(frozen=True)
class SecretsOutage(TimedEvent):
    """Secret Manager is dead, or halted: it accepts connections and does not answer."""

    is_halted: bool


@dataclass(frozen=True)
class ClockJump(TimedEvent):
    """Jump of the clock of a process by ``offset`` seconds, and back."""

    member: str
    offset: float


@dataclass(frozen=True)
class Replacement(TimedEvent):
    """Rollout of the previous release of a service, and of this release again."""

    member: str


Event: TypeAlias = (
    Kill | Halt | StorageOutage | PubsubOutage | SecretsOutage | ClockJump | Replacement
)


@dataclass(frozen=True)
class FireSchedule:
    """Events of a run, in the order of their begin."""

    seed: int
    seconds: float
    """Length of the fire."""
    events: Sequence[Event]

    @property
    def replaced(self) -> str | None:
        """Name of the member that the previous release replaces; None: no member."""
        return next((e.member for e in self.events if isinstance(e, Replacement)), None)

    @property
    def shifted(self) -> str | None:
        """Name of the member with a clock that jumps."""
        return next((e.member for e in self.events if isinstance(e, ClockJump)), None)


def make_schedule(seed: int, seconds: float) -> FireSchedule:
    """Return the schedule of a fire; every second seed has a replacement."""
    random = Random(f"schedule {seed}")  # noqa: S311 - repeatable
    events: list[Event] = [
        *_plan_kills(random, seconds),
        _plan_halt(random, seconds),
        *_plan_storage_outages(random, seconds),
        *_plan_pubsub_outages(random, seconds),
        _plan_secrets_outage(random, seconds),
        _plan_jump(random, seconds),
    ]
    if seed % 2:
        events.append(_plan_replacement(random, seconds))
    return FireSchedule(seed, seconds, sorted(events, key=lambda event: event.at))


def _plan_kills(random: Random, seconds: float) -> Iterator[Event]:
    for number in range(1, int(seconds / KILL_INTERVAL)):
        pause = random.choice((0.0, random.uniform(0.0, 2.0)))
        yield Kill(number * KILL_INTERVAL, pause, random.choice(list(SERVICES)))


def _plan_halt(random: Random, seconds: float) -> Event:
    return Halt(random.uniform(0.1, 0.6) * seconds, STALL, random.choice(list(SERVICES)))


def _plan_storage_outages(random: Random, seconds: float) -> Iterator[Event]:
    """Plan one fault of each kind: some operations fail, some stall past the ack deadline.

    A stalled operation either fails in the end, or is a write that takes effect so late that its
    writer was killed or has repeated it. Only a precondition then protects a newer object.
    """
    share = seconds / len(_STORAGE_FAULTS)
    for number, fault in enumerate(random.sample(_STORAGE_FAULTS, len(_STORAGE_FAULTS))):
        begin = number * share + random.uniform(0.0, share / 2)
        yield StorageOutage(begin, share / 2, [fault])
    bucket, name = random.choice(_STALLED)
    stall = Fault("hang", "objects.*", bucket, name, seconds=STALL, times=3, probability=0.2)
    yield StorageOutage(random.uniform(0.2, 0.6) * seconds, STALL, [stall])
    late = (
        Fault("latency", "objects.insert", bucket, name, seconds=STALL, times=2, probability=0.5)
        for bucket, name in _WRITTEN_LATE
    )
    yield StorageOutage(random.uniform(0.1, 0.4) * seconds, STALL, list(late))


_STALLED = (
    *((bucket, "?*") for bucket in topology.BUCKETS.values() if bucket != topology.STATIC),
    (topology.STATIC, "simple/*/*"),
)
"""Buckets and names of operations that stall. The catalog does not stall: it then pauses for five
times the length of its run, a minute that only delays the end of the test."""
_WRITTEN_LATE = ((topology.METADATA, "projects/*"), (topology.STATIC, "simple/*/*"))
"""Buckets and names of the writes that take effect late: records, and pages for installers."""
_STORAGE_FAULTS = (
    Fault("error", status=503, times=None, probability=0.1),
    Fault("error", status=500, times=None, probability=0.05),
    Fault("error", operation="objects.insert", status=429, times=None, probability=0.2),
    Fault("reset", times=None, probability=0.05),
    Fault("truncate", operation="objects.download", after_bytes=100, times=None, probability=0.1),
    Fault("error", when="after", status=503, times=None, probability=0.1),
    Fault("reset", operation="objects.*", when="after", times=None, probability=0.1),
    Fault("latency", seconds=0.5, times=None, probability=0.1),
)
"""Failures before the effect, broken reads, and lost answers after the effect."""


def _plan_pubsub_outages(random: Random, seconds: float) -> Iterator[Event]:
    """Plan duplicates and late messages during all the fire, and errors in a quarter of it."""
    usual = PubsubFaults(duplicate=0.2, late=0.2, delay=5.0)
    failing = replace(usual, error=0.2, lost_answer=0.2)
    begin, length = random.uniform(0.1, 0.6) * seconds, seconds / 4
    yield PubsubOutage(0.0, begin, usual)
    yield PubsubOutage(begin, length, failing)
    yield PubsubOutage(begin + length, seconds - begin - length, usual)


def _plan_secrets_outage(random: Random, seconds: float) -> Event:
    begin, is_halted = random.uniform(0.1, 0.6) * seconds, random.random() < 0.5
    return SecretsOutage(begin, seconds / 4, is_halted)


def _plan_jump(random: Random, seconds: float) -> Event:
    offset = random.choice((-JUMP, JUMP))
    begin, member = random.uniform(0.1, 0.5) * seconds, random.choice(list(SERVICES))
    return ClockJump(begin, seconds / 3, member, offset)


def _plan_replacement(random: Random, seconds: float) -> Event:
    begin, member = random.uniform(0.1, 0.4) * seconds, random.choice(REPLACEABLE)
    return Replacement(begin, seconds / 3, member)
