"""Events of a project, from its record: files and commands.

The order of the events is the one in which they are numbered. Each event of a release comes after a
file of this release, and an event of the project after any file. The files of a record stay, with
their upload times; only a command can be replaced by a newer one, which comes later. So if an event
leaves its place, a file of its release remains before this place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from publisher.site.status_notices import name_author
from schemas.names import Version
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.releases import find_release

_VERBS = {
    "yanked": ("yanked", "lifted the yank of"),
    "yanked_by_uploaders": ("yanked", "lifted the yank of"),
    "removed": ("removed", "restored"),
}
"""Actions of the registers of a record: with the value true, and with the value false."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Event of a project."""

    time: datetime
    author: str
    """Uploader of a file, or author of a command."""
    action: str
    """Action, for example ``published`` or ``set the status to``."""
    target: str
    """File, release or status of the action."""
    release: Version | None
    """Release of the file or command; None for a command on the project."""
    reason: str = ""
    """Reason in the words of the author; empty if none was given."""
    file: FileRecord | None = None
    """Facts of a published file; None for a command."""


def list_events(record: ProjectRecord) -> list[HistoryEvent]:
    """Return the events, the oldest one first.

    A record keeps the newest command for each file, release and project, of each kind.
    """
    begins = _find_begins(record)

    def rank(event: HistoryEvent) -> tuple[object, ...]:
        begin = begins.get(event.release, event.time)
        time = max(event.time, begin)
        return time, event.file is None, event.action, event.target, event.author

    return sorted([*_list_files(record), *_list_commands(record)], key=rank)


def _find_begins(record: ProjectRecord) -> Mapping[Version | None, datetime]:
    """Return the upload time of the first file of each release, and of the project."""
    begins = dict[Version | None, datetime]()
    for file in sorted(record.files.values(), key=lambda file: file.upload_time):
        begins.setdefault(find_release(file.version), file.upload_time)
        begins.setdefault(None, file.upload_time)
    return begins


def _list_files(record: ProjectRecord) -> Iterator[HistoryEvent]:
    for file in record.files.values():
        release = find_release(file.version)
        yield HistoryEvent(
            file.upload_time, file.uploader, "published", file.filename, release, file=file
        )


def _list_commands(record: ProjectRecord) -> Iterator[HistoryEvent]:
    for field, verbs in _VERBS.items():
        registers: Registers = getattr(record, field)
        for filename, register in registers.files.items():
            file = record.files.get(filename)
            release = find_release(file.version) if file else None
            yield _make_event(register, _choose_verb(register, verbs), filename, release)
        for release, register in registers.versions.items():
            verb = _choose_verb(register, verbs)
            yield _make_event(register, verb, f"release {release}", release)
    if record.status is not None:
        yield _make_status_event(record.status, "the project", None)
    for release, status in record.release_status.items():
        yield _make_status_event(status, f"release {release}", release)


def _choose_verb(register: Register, verbs: tuple[str, str]) -> str:
    return verbs[0] if register.value else verbs[1]


def _make_status_event(
    status: StatusRegister, subject: str, release: Version | None
) -> HistoryEvent:
    return _make_event(status, f"set the status of {subject} to", status.value, release)


def _make_event(
    register: Register | StatusRegister, action: str, target: str, release: Version | None
) -> HistoryEvent:
    author = name_author(register.issued_by)
    reason = register.reason or ""
    return HistoryEvent(register.issued_at, author, action, target, release, reason)
