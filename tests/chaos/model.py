"""Sequential model of an index: the expected records and pages after a list of messages.

The model shares no merge code with the services. Facts are a set. Of all announcements of a file
the model keeps the one with the greatest ``facts_version``. Of all registers with one key it keeps
the one with the greatest (issued_at, command_id). The key of a yank says whether an operator or an
uploader gave it; the key of a status says whether it is the project's or a release's. Of each two
equivalent files, as ``packaging`` parses their names, it lists the one that was promoted first. It
has no storage, no deletion and no order of arrival, so its correctness is easy to see.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import cast

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from publisher.blocked import build_needed_entry
from publisher.catalog.catalog_objects import CatalogContent
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from publisher.site.assets import ASSETS
from publisher.site.page_content import Site
from schemas.catalog import CatalogEntry
from schemas.events import CommandAccepted, FileAccepted, ProjectCommand
from schemas.names import ProjectName, normalize_release
from schemas.push import Message
from schemas.records import Blocked, FileRecord, ProjectRecord
from schemas.releases import is_removed
from testing.fakes.examples import LONG_AGO, make_file_record

ACTIONS = ("yank", "unyank", "remove", "restore", "set-status")
AUTHORS = ("operators/ada", "acme", "tools")
"""Authors of commands of objects: an operator and two uploaders."""
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
            elif isinstance(message, CommandAccepted):
                model._apply_command(message.command, message.issued_by)
        return model

    def _add_file(self, file: FileRecord) -> None:
        files = self.files.setdefault(file.project, {})
        known = files.get(file.filename, file)
        files[file.filename] = max(known, file, key=lambda facts: facts.facts_version)

    def _apply_command(self, command: ProjectCommand, author: str | None = None) -> None:
        value: object = command.status
        reason = command.reason
        if command.action != "set-status":
            value = command.action in ("yank", "remove")
            reason = reason if reason and reason.strip() else None
        key = (command.project, _find_kind(command, author), *_find_subject(command))
        register: Register = {
            "issued_at": command.issued_at,
            "command_id": command.command_id,
            "value": value,
            "reason": reason,
            "issued_by": author,
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
            for kind in ("yanked", "yanked_by_uploaders", "removed")
        }
        found["status"] = mine.get(("status",))
        found["release_status"] = {
            key[2]: value for key, value in mine.items() if key[:2] == ("status", "versions")
        }
        facts = {"project": project, "revision": 0, "files": self.files[project]}
        return ProjectRecord.model_validate({**facts, **found})

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
        if self._has_value("quarantined", project, "status"):
            return set()
        removed: set[str] = {f.filename for f in record.files.values() if is_removed(record, f)}
        hidden = removed | self.list_losers(project) | self.list_quarantined(project)
        return {name for name in record.files if name not in hidden}

    def list_quarantined(self, project: ProjectName) -> set[str]:
        """Return the names of the files of quarantined releases."""
        files = self.files[project].values()
        return {file.filename for file in files if self._is_quarantined(file)}

    def list_yanks(self, project: ProjectName) -> dict[str, str | None]:
        """Return the yanked files, each with the reason of the yank.

        A file is yanked while an operator or an uploader yanks it; the operator's reason precedes.
        """
        yanks = {}
        for file in self.files[project].values():
            for kind in ("yanked_by_uploaders", "yanked"):
                newest = self._find_newest(kind, file)
                if newest and newest["value"]:
                    yanks[str(file.filename)] = cast("str | None", newest["reason"])
        return yanks

    def _find_newest(self, kind: str, file: FileRecord) -> Register | None:
        keys = (("files", file.filename), ("versions", normalize_release(file.version)))
        found = [self.registers.get((file.project, kind, *key)) for key in keys]
        return max((one for one in found if one), key=_build_order_key, default=None)

    def _is_quarantined(self, file: FileRecord) -> bool:
        release = normalize_release(file.version)
        return self._has_value("quarantined", file.project, "status", "versions", release)

    def _has_value(self, value: object, *key: str) -> bool:
        return key in self.registers and self.registers[key]["value"] == value

    def render_pages(self, title: str = "Python packages") -> dict[str, bytes]:
        """Render all pages, by object name; no page contains the revision of its record."""
        records = self.build_records().values()
        pages = {
            kind.locate(record.project): kind.render(Listing.from_record(record))
            for record in records
            for kind in KINDS
        }
        entries = sorted(map(CatalogEntry.from_record, records), key=lambda entry: entry.project)
        objects = CatalogContent(entries, Site(title)).list_objects()
        assets = {asset.object_name: asset.data for asset in ASSETS.values()}
        return pages | assets | {each.name: each.render() for each in objects}

    def build_blocked(self) -> Blocked:
        """Build ``blocked.json`` with revision 0 in every entry."""
        entries = {
            record.project: build_needed_entry(record) for record in self.build_records().values()
        }
        return Blocked(projects={name: entry for name, entry in entries.items() if entry})


def forget_revisions(record: ProjectRecord) -> ProjectRecord:
    """Return a record without the revisions, which depend on the clock and the groups of changes.

    ``changed`` has every release, and the newest commit changed at least one of them.
    """
    releases = {normalize_release(file.version) for file in record.files.values()}
    assert record.changed_at == record.revision == max(record.changed.values())
    assert record.changed.keys() == releases
    return record.model_copy(update={"revision": 0, "changed": {}, "changed_at": None})


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


def _find_kind(command: ProjectCommand, author: str | None) -> str:
    if command.action == "set-status":
        return "status"
    if "yank" not in command.action:
        return "removed"
    is_operator = author is None or author.split("/")[0] == "operators"
    return "yanked" if is_operator and not command.of_uploaders else "yanked_by_uploaders"


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


def create_commands(
    files: list[FileAccepted], count: int, random: Random
) -> list[ProjectCommand | CommandAccepted]:
    """Create ``count`` commands about these files, with random times, some of them equal.

    About half of them are messages of operators, the others commands of objects.
    """
    commands: list[ProjectCommand | CommandAccepted] = []
    for number in range(count):
        command = _create_command(random.choice(files).file, number, random)
        author = random.choice([None, None, *AUTHORS])
        commands.append(CommandAccepted(command=command, issued_by=author) if author else command)
    return commands


def get_command_id(message: ProjectCommand | CommandAccepted) -> str:
    """Return the id of a command."""
    command = message.command if isinstance(message, CommandAccepted) else message
    return command.command_id or ""


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
        release_status = random.random() < 0.5
        statuses = (
            "active",
            "quarantined",
            *(() if release_status else ("archived", "deprecated")),
        )
        fields |= {"status": random.choice(statuses)}
        fields |= {"version": file.version} if release_status else {}
    elif random.random() < 0.5:
        fields["filename"] = file.filename
    else:
        fields["version"] = file.version
    if action == "unyank":
        fields["of_uploaders"] = random.random() < 0.3
    return ProjectCommand.model_validate(fields)
