"""Admissible outcomes of uploads and commands.

An outcome is ``accepted``, ``done`` or a reason code. Most steps have exactly one. If steps race,
more than one outcome is possible. Then the outcome in the state is data, and everything else must
agree with it: the rules below say which outcomes are possible.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from local import topology
from testing.chaos.expected_state.given_commands import SentCommand, list_commands
from testing.chaos.expected_state.sent_files import SentFile, StepOrder, list_files
from testing.chaos.inputs import Inputs
from testing.chaos.system_state import SystemState

ACCEPTED = "accepted"
DONE = "done"
EXISTS = "exists"
CLOSED = "project-closed"
NOT_FOUND = "not-found"
_CLOSED_STATUSES = ("archived", "quarantined")


def read_outcome(state: SystemState, name: str) -> str | None:
    """Return the outcome in a verdict: ``accepted``, ``done`` or the reason code."""
    stored = state.buckets[topology.VERDICTS].get(name)
    if stored is None:
        return None
    verdict: Mapping[str, str] = json.loads(stored.data)
    return verdict["reason"] if verdict["outcome"] == "refused" else verdict["outcome"]


@dataclass(frozen=True)
class _Obstacle:
    """Reason for a refusal: impossible, possible or certain."""

    certain: bool
    possible: bool
    code: str


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of a run."""

    inputs: Inputs
    state: SystemState

    @cached_property
    def files(self) -> Sequence[SentFile]:
        """All uploads."""
        return list_files(self.inputs, self.state)

    @cached_property
    def valid_files(self) -> Sequence[SentFile]:
        """Uploads of valid files."""
        return [file for file in self.files if file.step.fault is None]

    @cached_property
    def commands(self) -> Sequence[SentCommand]:
        """All commands that ingest does not refuse."""
        return [each for each in self.all_commands if each.fault is None]

    @cached_property
    def all_commands(self) -> Sequence[SentCommand]:
        """All commands."""
        return list_commands(self.inputs, self.state)

    @cached_property
    def _order(self) -> StepOrder:
        return StepOrder(self.inputs)

    @cached_property
    def _accepted(self) -> frozenset[int]:
        """Indices of the uploads with an accepting verdict."""
        return frozenset(
            file.number
            for file in self.valid_files
            if any(read_outcome(self.state, name) == ACCEPTED for name in file.addresses)
        )

    def is_accepted(self, file: SentFile) -> bool:
        """Return whether the upload has an accepting verdict."""
        return file.number in self._accepted

    def is_unlisted(self, file: SentFile) -> bool:
        """Return whether the refused upload can have a file in the packages bucket.

        One delivery can promote the file while another one stores the refusal, if the upload races
        with the reason of the refusal. The file is not announced.
        """
        package = self.state.buckets[topology.PACKAGES].get(file.step.filename)
        source = package.metadata.get("source-generation") if package else None
        is_source = any(str(each.generation) == source for each in file.objects)
        return is_source and not self.is_accepted(file) and ACCEPTED in self.allow_file(file)

    def is_effective(self, command: SentCommand) -> bool:
        """Return whether the command set its register: not if it was refused."""
        return read_outcome(self.state, command.answer) in (DONE, None)

    def allow_command(self, command: SentCommand) -> frozenset[str]:
        """Return the admissible answers.

        A clock can be ahead, so that the grace period of a command is over before its file arrives.
        """
        if command.fault is not None:
            return frozenset({command.fault})
        has_target = any(
            self.is_accepted(file) and self._order.is_before(file.number, command.step)
            for file in self.valid_files
            if command.has_target(file.project, file.release, file.step.filename)
        )
        return frozenset({DONE} if has_target else {DONE, NOT_FOUND})

    def allow_file(self, file: SentFile) -> frozenset[str]:
        """Return the admissible verdicts of an upload, by the order of the checks of ingest."""
        if file.step.fault is not None:
            return frozenset({file.step.fault})
        rivals = [each for each in self.valid_files if _are_rivals(file, each)]
        same = self._find_obstacle(file, [each for each in rivals if _has_same_bytes(file, each)])
        if same.certain:
            return frozenset({ACCEPTED})
        taken = [e for e in rivals if _has_same_name(file, e) and not _has_same_bytes(file, e)]
        obstacles = (
            self._find_obstacle(file, taken),
            self._find_closing(file, "project", _CLOSED_STATUSES),
            self._find_closing(file, "versions", ("quarantined",)),
            self._find_obstacle(file, [each for each in rivals if not _has_same_name(file, each)]),
        )
        allowed = set[str]({ACCEPTED} if same.possible else ())
        for obstacle in obstacles:
            allowed |= {obstacle.code} if obstacle.possible else set()
            if obstacle.certain:
                return frozenset(allowed)
        return frozenset(allowed | {ACCEPTED})

    def _find_obstacle(self, file: SentFile, others: Sequence[SentFile]) -> _Obstacle:
        """Return whether one of the other uploads was first."""
        accepted = [other.number for other in others if self.is_accepted(other)]
        certain = any(self._order.is_before(number, file.number) for number in accepted)
        racing = any(self._order.is_racing(number, file.number) for number in accepted)
        return _Obstacle(certain, certain or racing, EXISTS)

    def _find_closing(
        self, file: SentFile, scope: str, statuses: Sequence[bool | str]
    ) -> _Obstacle:
        """Return whether the status closes the project or release of a file."""
        values = set(self._list_statuses(file, scope))
        closed = values.intersection(statuses)
        return _Obstacle(closed == values, bool(closed), CLOSED)

    def _list_statuses(self, file: SentFile, scope: str) -> Iterator[bool | str]:
        """Yield all values that the register can have when the file is checked."""
        commands = [
            each
            for each in self.commands
            if each.kind == "status"
            and each.project == file.project
            and each.subject == (scope, file.release if scope == "versions" else "")
            and self.is_effective(each)
        ]
        before = [each for each in commands if self._order.is_before(each.step, file.number)]
        newest = max(before, key=lambda each: each.order, default=None)
        yield newest.value if newest else "active"
        for each in commands:
            is_newer = newest is None or each.order > newest.order
            if is_newer and self._order.is_racing(each.step, file.number):
                yield each.value


def _are_rivals(file: SentFile, other: SentFile) -> bool:
    return file.number != other.number and file.parts == other.parts


def _has_same_name(file: SentFile, other: SentFile) -> bool:
    return file.step.filename == other.step.filename


def _has_same_bytes(file: SentFile, other: SentFile) -> bool:
    return _has_same_name(file, other) and file.step.data == other.step.data
