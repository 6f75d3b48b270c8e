"""Sequential model of an index: the expected records and pages after a list of messages.

The model shares no merge code with the services. Facts are a set. Of all announcements of a file
the model keeps the one with the greatest ``facts_version``. Of all registers with one key it keeps
the one with the greatest (issued_at, command_id). Of each two equivalent files, as ``packaging``
parses their names, it lists the one that was promoted first. It has no storage, no deletion and no
order of arrival, so its correctness is easy to see.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from random import Random

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from publisher.blocked import build_needed_entry
from publisher.catalog_pages import render_catalog
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from schemas.catalog import CatalogEntry
from schemas.events import FileAccepted, Message, ProjectCommand
from schemas.names import ProjectName, normalize_release
from schemas.records import Blocked, FileRecord, ProjectRecord
from schemas.releases import is_removed
from testing.fakes.examples import LONG_AGO, make_file_record

ACTIONS = ("yank", "unyank", "remove", "restore", "set-status")
Register = dict[str, object]


@dataclass
class SequentialModel:
    """Expected state of all projects of an index."""

    files: dict[ProjectName, dict[str, FileRecord]] = field(default_factory=dict)
    registers: dict[tuple[str, ...], Register] = field(default_factory=dict)

    @classmethod
    def from_messages(cls, messages: Iterable[Message]) -> "SequentialModel":
        model = cls()
        for message in messages:
            if isinstance(message, FileAccepted):
                model._add_file(message.file)
            elif isinstance(message, ProjectCommand):
                model._apply_command(message)
        return model

    def _add_file(self, file: FileRecord) -> None:
        files = self.files.setdefault(file.project, {})
        known = files.get(file.filename, file)
        files[file.filename] = max(known, file, key=lambda facts: facts.facts_version)

    def _apply_command(self, command: ProjectCommand) -> None:
        value: object = command.status
        reason = command.reason
        kind = "status"
        if command.action != "set-status":
            value = command.action in ("yank", "remove")
            kind = "yanked" if "yank" in command.action else "removed"
            reason = reason if reason and reason.strip() else None
        key = (command.project, kind, *_find_subject(command))
        register: Register = {
            "issued_at": command.issued_at,
            "command_id": command.command_id,
            "value": value,
            "reason": reason,
        }
        current = self.registers.get(key)
        if current is None or _build_order_key(current) < _build_order_key(register):
            self.registers[key] = register

    def build_record(self, project: ProjectName) -> ProjectRecord:
        """Build the record of a project, at revision 0."""
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

    def build_records(self) -> dict[str, ProjectRecord]:
        """Build all records, by project."""
        return {project: self.build_record(project) for project in self.files}

    def list_losers(self, project: ProjectName) -> set[str]:
        """Return the names of the files that lose to an equivalent file."""
        files = self.files[project].values()
        return {
            file.filename
            for file, rival in permutations(files, 2)
            if _parse_parts(file) == _parse_parts(rival) and _is_earlier(rival, file)
        }

    def list_filenames(self, project: ProjectName) -> set[str]:
        """Return the names of the files on the pages of a project."""
        record = self.build_record(project)
        if record.status and record.status.value == "quarantined":
            return set()
        removed: set[str] = {f.filename for f in record.files.values() if is_removed(record, f)}
        hidden = removed | self.list_losers(project)
        return {name for name in record.files if name not in hidden}

    def render_pages(self, title: str = "Python packages") -> dict[str, bytes]:
        """Render all pages, by object name; no page contains the revision of its record."""
        records = self.build_records().values()
        pages = {
            kind.locate(record.project): kind.render(Listing.from_record(record))
            for record in records
            for kind in KINDS
        }
        entries = sorted(map(CatalogEntry.from_record, records), key=lambda entry: entry.project)
        return pages | {name: data for name, _, data in render_catalog(entries, title, {})}

    def build_blocked(self) -> Blocked:
        """Build ``blocked.json`` with revision 0 in every entry."""
        entries = {
            record.project: build_needed_entry(record) for record in self.build_records().values()
        }
        return Blocked(projects={name: entry for name, entry in entries.items() if entry})


def _parse_parts(file: FileRecord) -> tuple[object, ...]:
    if file.filename.endswith(".whl"):
        return parse_wheel_filename(file.filename)
    return parse_sdist_filename(file.filename)


def _is_earlier(rival: FileRecord, file: FileRecord) -> bool:
    """Return whether ``rival`` wins: files without ``promoted_at`` are first, and never lose."""
    if file.promoted_at is None or rival.promoted_at is None:
        return file.promoted_at is not None
    return (rival.promoted_at, rival.filename) < (file.promoted_at, file.filename)


def _build_order_key(register: Register) -> tuple[str, str]:
    return str(register["issued_at"]), str(register["command_id"])


def _find_subject(command: ProjectCommand) -> tuple[str, ...]:
    if command.filename:
        return "files", command.filename
    return ("versions", normalize_release(command.version)) if command.version else ()


def create_announcements(projects: int, files: int) -> list[FileAccepted]:
    """Create a message for each of ``files`` files of each of ``projects`` projects."""
    return [
        FileAccepted(
            file=make_file_record(f"chaos_{project:02d}-{n // 2}.{n % 2}-py3-none-any.whl")
        )
        for project in range(projects)
        for n in range(files)
    ]


def create_commands(files: list[FileAccepted], count: int, random: Random) -> list[ProjectCommand]:
    """Create ``count`` commands about these files, with random times, some of them equal."""
    return [_create_command(random.choice(files).file, number, random) for number in range(count)]


def _create_command(file: FileRecord, number: int, random: Random) -> ProjectCommand:
    action = random.choice(ACTIONS)
    fields: dict[str, object] = {
        "action": action,
        "project": file.project,
        "command_id": f"command-{number}",
        "issued_at": LONG_AGO + timedelta(seconds=random.randrange(60)),
        "reason": random.choice([None, "", " ", "because"]),
    }
    if action == "set-status":
        statuses = ("active", "archived", "deprecated", "quarantined")
        fields["status"] = random.choice(statuses)
    elif random.random() < 0.5:
        fields["filename"] = file.filename
    else:
        fields["version"] = file.version
    return ProjectCommand.model_validate(fields)
