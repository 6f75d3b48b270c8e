"""One run of the whole system under fire: start, fire, settling, comparison, report."""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock

from schemas.events import ProjectPublished
from testing.chaos.comparison import find_differences, find_losses
from testing.chaos.conductor import Conductor
from testing.chaos.expected_state import build_expected_state, is_settled
from testing.chaos.inputs import Inputs, Size, make_inputs
from testing.chaos.polling_reader import PollingReader
from testing.chaos.polling_reader.observations import PATIENCE
from testing.chaos.running_system import RunningSystem, SystemOptions, run_system
from testing.chaos.schedule import FireSchedule, make_schedule
from testing.chaos.system_state import PublishedMessage, SystemState
from testing.compatibility.history import Checkout, check_out, read_releases

REPAIRS = (("ingest", "reindex"), ("publisher", "rebuild"))
"""Commands after an upgrade (docs/upgrade.md)."""


@dataclass(frozen=True)
class RunSize:
    """Size of a run."""

    inputs: Size
    seconds: float
    """Length of the fire."""
    write_interval: float
    """Seconds between two writes to one object; about 1 in Cloud Storage."""
    settings: Mapping[str, str]
    """Settings of the services that differ from production."""
    patience: float
    """Seconds after ``project-published`` in which a withdrawn file can still be served."""


FULL = RunSize(Size.FULL, 60.0, 1.0, {}, PATIENCE)
SHORT = RunSize(Size.SHORT, 9.0, 0.2, {"BLOCKED_REFRESH": "1", "STORAGE_TIMEOUT": "60"}, 60.0)
"""It passes on a slow machine too: a proxy without CPU time answers late, and not 503."""
IS_FULL = os.environ.get("CHAOS") == "full"
SIZE = FULL if IS_FULL else SHORT


@dataclass(frozen=True)
class Report:
    """Result of a run."""

    seed: int
    differences: Sequence[str]
    kills: int
    faults: Mapping[str, int]
    """Number of events by kind, and of faults of Pub/Sub and Cloud Storage."""
    pushes: int
    redeliveries: int
    settle_seconds: float
    """Seconds from the end of the fire to the last message."""
    reads: int
    """Requests of the reader."""
    replaced: str | None
    """Member that the previous release replaced for some time."""

    def __str__(self) -> str:
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"seed {self.seed}: {self.kills} kills, {faults}; {self.pushes} pushes, "
            f"{self.redeliveries} redeliveries, settled after {self.settle_seconds:.0f} s; "
            f"{self.reads} reads; "
            f"previous release: {self.replaced or 'none'}; {len(self.differences)} differences"
        )

    def explain(self) -> str:
        """Return the seed, the differences, and the command that repeats the run."""
        full = "CHAOS=full " if IS_FULL else ""
        command = f"env {full}CHAOS_SEED={self.seed} .venv/bin/python -m pytest -s"
        lines = "\n".join(f"* {difference}" for difference in self.differences)
        return f"{self}\n{lines}\nTo repeat it: {command} tests/chaos/whole_system"


@dataclass
class StateCache:
    """Snapshot that is at most ``age`` seconds old, for steps that wait for others.

    Each step is judged once per snapshot, because many steps wait for the same one.
    """

    system: RunningSystem
    inputs: Inputs
    age: float = 1.0
    _taken: float = field(default=0.0, init=False)
    _state: SystemState | None = field(default=None, init=False)
    _judged: dict[int, bool] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def is_settled(self, number: int) -> bool:
        """Return whether the step with this number has settled."""
        with self._lock:
            if self._state is None or time.monotonic() - self._taken > self.age:
                self._state, self._taken = self.system.snapshot(), time.monotonic()
                self._judged = {each: True for each, settled in self._judged.items() if settled}
            if number not in self._judged:
                self._judged[number] = is_settled(number, self.inputs, self._state)
            return self._judged[number]


def run_seed(folder: Path, seed: int, size: RunSize) -> Report:
    """Run one seed, and compare the settled state with the model's.

    :raises HistoryUnavailable: if the seed needs the code of the previous release.
    """
    schedule = make_schedule(seed, size.seconds)
    inputs = make_inputs(seed, size.inputs, previous=schedule.replaced is not None)
    options = SystemOptions(
        seed,
        inputs.uploaders,
        inputs.service_users,
        _check_out_previous(schedule, folder),
        [schedule.shifted] if schedule.shifted else [],
        size.write_interval,
        size.settings,
    )
    with (
        run_system(folder, options) as system,
        PollingReader(
            system.index_url, system.tokens.read, seed=seed, patience=size.patience
        ) as reader,
    ):
        system.broker.listeners.append(partial(_tell_reader, reader))
        conductor = Conductor(system, schedule, reader.note_interruption)
        conductor.run(inputs.steps, StateCache(system, inputs).is_settled)
        settle_seconds = system.await_settled()
        differences = _find_dead(system)
        if schedule.replaced is not None:
            state = system.snapshot()
            losses = find_losses(state, build_expected_state(inputs, state))
            differences += [f"before the repair: {loss}" for loss in losses]
            differences += _repair(system)
        state = system.snapshot()
        expected = build_expected_state(inputs, state)
        differences += [*find_differences(state, expected), *reader.finish(expected)]
        counts = conductor.counts | system.broker.injected | _count_storage_faults(system)
        return Report(
            seed,
            differences,
            counts.pop("Kill"),
            counts,
            system.delivery.answers.total(),
            system.delivery.count_failures(),
            settle_seconds,
            sum(reader.counts.values()),
            schedule.replaced,
        )


def _tell_reader(reader: PollingReader, message: PublishedMessage) -> None:
    if message.topic == ProjectPublished.topic:
        event = ProjectPublished.decode(message.data)
        reader.note_publication(event.project, event.record_revision, frozenset(event.filenames))


def _check_out_previous(schedule: FireSchedule, folder: Path) -> Checkout | None:
    previous = read_releases()[-2]
    return check_out(previous, folder / "previous") if schedule.replaced else None


def _repair(system: RunningSystem) -> list[str]:
    """Run the commands of an upgrade, because the previous release wrote; return their errors."""
    current, errors = check_out(read_releases()[-1], system.folder), []
    for command in REPAIRS:
        done = system.run_command(current, *command)
        if done.returncode:
            errors.append(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        system.await_settled()
    return errors


def _count_storage_faults(system: RunningSystem) -> Counter[str]:
    counts = system.storage.faults.counts
    return Counter({f"storage {kind}": count for kind, count in counts.items()})


def _find_dead(system: RunningSystem) -> list[str]:
    members = system.members.values()
    return [f"{each.name} has ended by itself" for each in members if each.has_died]
