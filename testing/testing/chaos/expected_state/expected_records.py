"""Records and listed files: facts as a set, and registers by their order.

The rules of the design, written again without code of the services. The revision of a record, and
those of its releases, are data of the state.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from local import topology
from schemas.records import ProjectRecord
from testing.chaos.expected_state.admissible import Outcomes
from testing.chaos.expected_state.expected_facts import PromotedUpload
from testing.chaos.expected_state.given_commands import SentCommand
from testing.chaos.system_state import SystemState

_KINDS = ("yanked", "yanked_by_uploaders", "removed")
RegisterKey = tuple[str, str, str]
"""Kind, scope and key of a register."""


@dataclass(frozen=True)
class ProjectModel:
    """Expected files and registers of one project."""

    project: str
    files: Mapping[str, PromotedUpload]
    registers: Mapping[RegisterKey, SentCommand]
    """Newest command of each register."""

    def build_record(self, revisions: Mapping[str, object]) -> ProjectRecord:
        """Build the record.

        :param revisions: ``revision``, ``changed`` and ``changed_at`` of the stored record.
        """
        document: dict[str, object] = {
            kind: {scope: self._build_registers(kind, scope) for scope in ("files", "versions")}
            for kind in _KINDS
        }
        statuses = self._build_registers("status", "project")
        document["status"] = statuses.get("")
        document["release_status"] = self._build_registers("status", "versions")
        document["files"] = {name: file.build_facts() for name, file in self.files.items()}
        return ProjectRecord.model_validate({"project": self.project, **revisions, **document})

    def _build_registers(self, kind: str, scope: str) -> dict[str, object]:
        return {
            key[2]: {
                "issued_at": command.issued_at,
                "command_id": command.command_id,
                "value": command.value,
                "reason": command.reason,
                "issued_by": command.author,
            }
            for key, command in self.registers.items()
            if key[:2] == (kind, scope)
        }

    def list_losers(self) -> dict[str, str]:
        """Return the files that lose to an equivalent file, each with the winner."""
        losers = dict[str, str]()
        for file, rival in permutations(self.files.values(), 2):
            is_equivalent = file.file.parts == rival.file.parts
            if is_equivalent and file.is_under_rules and _rank(rival) < _rank(file):
                losers[file.file.step.filename] = rival.file.step.filename
        return losers

    def list_blocked(self) -> set[str]:
        """Return the removed files, and the files of quarantined releases."""
        return {name for name in self.files if self._is_removed(name) or self._is_closed(name)}

    def list_names(self) -> set[str]:
        """Return the names of the files on the pages."""
        if self.is_quarantined():
            return set()
        return self.files.keys() - self.list_losers().keys() - self.list_blocked()

    def list_yanks(self) -> dict[str, str | bool]:
        """Return the yanked files, each with its reason; the operator's precedes."""
        yanks = dict[str, str | bool]()
        for name in self.files:
            for kind in ("yanked_by_uploaders", "yanked"):
                newest = self._find_newest(kind, name)
                if newest is not None and newest.value:
                    yanks[name] = newest.reason or True
        return yanks

    def is_quarantined(self) -> bool:
        """Return whether the project is quarantined."""
        return self._has_value(("status", "project", ""), "quarantined")

    def _is_removed(self, name: str) -> bool:
        newest = self._find_newest("removed", name)
        return newest is not None and bool(newest.value)

    def _is_closed(self, name: str) -> bool:
        release = self.files[name].file.release
        return self._has_value(("status", "versions", release), "quarantined")

    def _find_newest(self, kind: str, name: str) -> SentCommand | None:
        """Return the newest command about a file or its release."""
        keys = ((kind, "files", name), (kind, "versions", self.files[name].file.release))
        found = [self.registers[key] for key in keys if key in self.registers]
        return max(found, key=lambda command: command.order, default=None)

    def _has_value(self, key: RegisterKey, value: str) -> bool:
        return key in self.registers and self.registers[key].value == value


def _rank(file: PromotedUpload) -> tuple[str, str]:
    """Return the key by which the first of equivalent files is listed."""
    created = file.package.created.isoformat(timespec="microseconds")
    return created if file.is_under_rules else "", file.file.step.filename


def build_models(
    outcomes: Outcomes, promoted: Mapping[str, PromotedUpload]
) -> dict[str, ProjectModel]:
    """Build the models of all projects with files."""
    names = sorted({file.file.project for file in promoted.values()})
    return {
        name: ProjectModel(
            name,
            {n: file for n, file in promoted.items() if file.file.project == name},
            _find_registers(name, [c for c in outcomes.commands if outcomes.is_effective(c)]),
        )
        for name in names
    }


def _find_registers(
    project: str, commands: Sequence[SentCommand]
) -> dict[RegisterKey, SentCommand]:
    registers = dict[RegisterKey, SentCommand]()
    for command in commands:
        if command.project == project:
            key = (command.kind, *command.subject)
            newest = registers.get(key, command)
            registers[key] = max(newest, command, key=lambda each: each.order)
    return registers


def read_revisions(state: SystemState, project: str) -> Mapping[str, object]:
    """Return the revisions in a stored record; revision 0 if there is none."""
    stored = state.buckets[topology.METADATA].get(f"projects/{project}.json")
    document = json.loads(stored.data) if stored else {"revision": 0}
    return {key: document[key] for key in ("revision", "changed", "changed_at") if key in document}
