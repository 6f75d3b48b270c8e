"""Newest events of a project: releases and commands, derived from its record."""

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from schemas.names import Filename, Version
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.releases import find_release
from schemas.types import Status, format_time

EventKind = Literal[
    "released",
    "yanked",
    "unyanked",
    "removed",
    "restored",
    "active",
    "archived",
    "deprecated",
    "quarantined",
]
"""Kind of an event: a release, or the effect of a command; the last four are new statuses."""

MAX_EVENTS = 3
"""Number of events in the custom metadata of a record."""
_KINDS: Mapping[str, EventKind] = {kind: kind for kind in get_args(EventKind)}


class ProjectEvent(NamedTuple):
    """Release, or command that no later command of its kind replaced."""

    kind: EventKind
    release: Version | None
    """Release as its files spell it; None for the status of the project."""
    time: datetime
    """Earliest upload time of the release, or time of the command."""
    author: str | None
    """Uploader, or author of the command; None for a message on ``project-command``."""
    filename: Filename | None = None
    """File of a command for one file."""


def list_events(record: ProjectRecord, offered: Iterable[FileRecord]) -> Iterator[ProjectEvent]:
    """Yield the events of a project, in no order.

    :param offered: files that the pages list; only their releases count as released.
    """
    first = _find_first_files(record)
    spellings = {find_release(version): version for version in first}
    listed = {find_release(version) for version in {file.version for file in offered}}
    yield from _list_released(first, listed)
    yield from _list_statuses(record, spellings)
    yield from _list_marks(record, spellings, record.yanked, ("yanked", "unyanked"))
    yield from _list_marks(record, spellings, record.yanked_by_uploaders, ("yanked", "unyanked"))
    yield from _list_marks(record, spellings, record.removed, ("removed", "restored"))


def find_newest_events(
    record: ProjectRecord, offered: Iterable[FileRecord]
) -> tuple[ProjectEvent, ...]:
    """Return the newest events, the newest first; equal records give equal events."""
    return tuple(heapq.nlargest(MAX_EVENTS, list_events(record, offered), key=_rank_event))


def encode_events(events: Iterable[ProjectEvent], max_size: int) -> str:
    """Return the events as a JSON array in ASCII, without those that do not fit."""
    kept = list[str]()
    for event in events:
        *others, filename = _to_json(event)
        text = json.dumps([*others, filename] if filename else others, separators=(",", ":"))
        if len(",".join([*kept, text])) + 2 <= max_size:
            kept.append(text)
    return f"[{','.join(kept)}]"


def decode_events(text: str) -> tuple[ProjectEvent, ...]:
    """Read the events from their JSON array; skip events in the form of a newer release.

    :raises ValueError: if the text is not a JSON array.
    """
    events = json.loads(text)
    if not isinstance(events, list):
        raise ValueError("the events are not a JSON array")
    return tuple(filter(None, map(_read_event, events)))


def _find_first_files(record: ProjectRecord) -> Mapping[Version, FileRecord]:
    """Return the file of each version that was uploaded first, removed files included."""
    first = dict[Version, FileRecord]()
    for file in record.files.values():
        known = first.get(file.version)
        if known is None or _rank_upload(file) < _rank_upload(known):
            first[file.version] = file
    return dict(sorted(first.items(), reverse=True))


def _rank_upload(file: FileRecord) -> tuple[datetime, str]:
    return file.upload_time, file.filename


def _list_released(
    first: Mapping[Version, FileRecord], listed: set[Version]
) -> Iterator[ProjectEvent]:
    files = dict[Version, FileRecord]()
    for version, file in first.items():
        release = find_release(version)
        files[release] = min(files.get(release, file), file, key=_rank_upload)
    for release in listed:
        file = files[release]
        yield ProjectEvent("released", file.version, file.upload_time, file.uploader)


def _list_statuses(
    record: ProjectRecord, spellings: Mapping[Version, Version]
) -> Iterator[ProjectEvent]:
    if record.status:
        yield _make_event(record.status.value, None, record.status)
    for release, status in record.release_status.items():
        yield _make_event(status.value, spellings.get(release, release), status)


def _list_marks(
    record: ProjectRecord,
    spellings: Mapping[Version, Version],
    registers: Registers,
    kinds: tuple[EventKind, EventKind],
) -> Iterator[ProjectEvent]:
    for release, register in registers.versions.items():
        kind = kinds[0] if register.value else kinds[1]
        yield _make_event(kind, spellings.get(release, release), register)
    for filename, register in registers.files.items():
        if file := record.files.get(filename):
            kind = kinds[0] if register.value else kinds[1]
            yield _make_event(kind, file.version, register, filename)


def _make_event(
    kind: EventKind | Status,
    release: Version | None,
    register: Register | StatusRegister,
    filename: Filename | None = None,
) -> ProjectEvent:
    return ProjectEvent(kind, release, register.issued_at, register.issued_by, filename)


def _rank_event(event: ProjectEvent) -> tuple[datetime, tuple[str, ...]]:
    texts = (event.kind, event.release, event.filename, event.author)
    return event.time, tuple(text or "" for text in texts)


def _to_json(event: ProjectEvent) -> tuple[str | None, ...]:
    return event.kind, event.release, format_time(event.time), event.author, event.filename


def _read_event(values: object) -> ProjectEvent | None:
    match values:
        case [str(name), str() | None as release, str(time), str() | None as author, *filenames]:
            kind, moment = _KINDS.get(name), datetime.fromisoformat(time)
        case _:
            return None
    if kind is None:
        return None
    filename = Filename(str(filenames[0])) if filenames else None
    return ProjectEvent(kind, Version(release) if release else None, moment, author, filename)
