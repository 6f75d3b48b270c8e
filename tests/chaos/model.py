"""What an index must hold, told one message after the other by code that shares nothing with it.

Facts are a set; a register is the one with the greatest (issued_at, command_id). No files come or
go, no order of arrival, no storage: so it is easy to see that it is right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from publisher.blocked import entry_of
from publisher.catalog import rendered
from publisher.pages import KINDS
from publisher.render.listing import Listing
from schemas.catalog import CatalogEntry
from schemas.events import FileAccepted, Message, ProjectCommand
from schemas.names import ProjectName, release_of
from schemas.records import Blocked, FileRecord, ProjectRecord
from testing.fakes.examples import LONG_AGO, file_record

ACTIONS = ("yank", "unyank", "remove", "restore", "set-status")
Register = dict[str, object]


@dataclass
class Model:
    """All projects of an index."""

    files: dict[ProjectName, dict[str, FileRecord]] = field(default_factory=dict)
    registers: dict[tuple[str, ...], Register] = field(default_factory=dict)

    @classmethod
    def of(cls, messages: Iterable[Message]) -> "Model":
        model = cls()
        for message in messages:
            if isinstance(message, FileAccepted):
                model.files.setdefault(message.file.project, {})[message.file.filename] = (
                    message.file
                )
            elif isinstance(message, ProjectCommand):
                model._obey(message)
        return model

    def _obey(self, command: ProjectCommand) -> None:
        value: object = command.status
        reason = command.reason
        kind = "status"
        if command.action != "set-status":
            value = command.action in ("yank", "remove")
            kind = "yanked" if "yank" in command.action else "removed"
            reason = reason or ("yanked" if command.action == "yank" else None)
        key = (command.project, kind, *_subject(command))
        register: Register = {
            "issued_at": command.issued_at,
            "command_id": command.command_id,
            "value": value,
            "reason": reason,
        }
        known = self.registers.get(key)
        if known is None or _order(known) < _order(register):
            self.registers[key] = register

    def record(self, project: ProjectName) -> ProjectRecord:
        """A project's record, at revision 0."""
        mine = {key[1:]: value for key, value in self.registers.items() if key[0] == project}
        found: dict[str, object] = {
            kind: {
                scope: {key[2]: value for key, value in mine.items() if key[:2] == (kind, scope)}
                for scope in ("files", "versions")
            }
            for kind in ("yanked", "removed")
        }
        facts = {"project": project, "revision": 0, "files": self.files[project]}
        return ProjectRecord.model_validate({**facts, **found, "status": mine.get(("status",))})

    def records(self) -> dict[str, ProjectRecord]:
        """All records, by project."""
        return {project: self.record(project) for project in self.files}

    def pages(self, title: str = "Python packages") -> dict[str, bytes]:
        """All pages, by object name; no page tells its record's revision."""
        records = self.records().values()
        pages = {
            kind.name(record.project): kind.render(Listing.from_record(record))
            for record in records
            for kind in KINDS
        }
        entries = sorted(map(CatalogEntry.from_record, records), key=lambda entry: entry.project)
        return pages | {name: data for name, _, data in rendered(entries, title, {})}

    def blocked(self) -> Blocked:
        """``blocked.json``, its revisions left at 0."""
        entries = {record.project: entry_of(record) for record in self.records().values()}
        return Blocked(projects={name: entry for name, entry in entries.items() if entry})


def _order(register: Register) -> tuple[str, str]:
    return str(register["issued_at"]), str(register["command_id"])


def _subject(command: ProjectCommand) -> tuple[str, ...]:
    if command.filename:
        return "files", command.filename
    return ("versions", release_of(command.version)) if command.version else ()


def announcements(projects: int, files: int) -> list[FileAccepted]:
    """A message for each of ``files`` files of each of ``projects`` projects."""
    return [
        FileAccepted(file=file_record(f"chaos_{project:02d}-{n // 2}.{n % 2}-py3-none-any.whl"))
        for project in range(projects)
        for n in range(files)
    ]


def commands(files: list[FileAccepted], count: int, random: Random) -> list[ProjectCommand]:
    """So many commands about these files, their times in no order, some of them the same."""
    return [_command(random.choice(files).file, number, random) for number in range(count)]


def _command(file: FileRecord, number: int, random: Random) -> ProjectCommand:
    action = random.choice(ACTIONS)
    given: dict[str, object] = {
        "action": action,
        "project": file.project,
        "command_id": f"command-{number}",
        "issued_at": LONG_AGO + timedelta(seconds=random.randrange(60)),
        "reason": random.choice([None, "because"]),
    }
    if action == "set-status":
        statuses = ("active", "archived", "deprecated", "quarantined")
        given["status"] = random.choice(statuses)
    elif random.random() < 0.5:
        given["filename"] = file.filename
    else:
        given["version"] = file.version
    return ProjectCommand.model_validate(given)
