"""Arrays of the newest changes and releases of all projects, and the totals.

An item of ``changes.json`` has ``project``, ``name``, ``kind``, ``release``, ``file``, ``time`` and
``author``. An item of ``recent.json`` has ``project``, ``name``, ``version``, ``time``, ``author``,
``status`` and ``summary``. Times are in RFC 3339. The status of a release is ``yanked`` if its yank
is one of the newest events of the project.

Empty values are absent: the release of a command on a project, the file of a command on a release,
the author of a message without one, a name in normalised form.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest

from publisher.catalog.json_arrays import Item, encode_array, encode_item
from schemas.catalog import CatalogEntry, ProjectEvent
from schemas.types import format_time

MAX_CHANGES = 1000
"""Maximum number of changes in ``changes.json``."""
MAX_RELEASES = 300
"""Maximum number of releases in ``recent.json``.

The home page shows fewer. A token with a scope sees those of its projects.
"""


@dataclass(frozen=True, slots=True)
class CatalogEvent:
    """Change of a project: a release, or a command."""

    entry: CatalogEntry
    event: ProjectEvent


def list_events(entries: Iterable[CatalogEntry], most: int = MAX_CHANGES) -> list[CatalogEvent]:
    """Return the newest events of all projects, the newest one first.

    An entry has three events at most, so older events of a busy project are absent.
    """
    return nsmallest(most, _iterate_events(entries), key=_rank_event)


def list_releases(entries: Iterable[CatalogEntry]) -> list[CatalogEvent]:
    """Return the newest releases of all projects, the newest one first."""
    releases = (one for one in _iterate_events(entries) if one.event.kind == "released")
    return nsmallest(MAX_RELEASES, releases, key=_rank_event)


def render_changes(events: Iterable[CatalogEvent]) -> bytes:
    """Render ``changes.json``."""
    return encode_array(map(_make_change, events))


def render_releases(releases: Iterable[CatalogEvent]) -> bytes:
    """Render ``recent.json``."""
    return encode_array(map(_make_release, releases))


def render_totals(entries: Sequence[CatalogEntry]) -> bytes:
    """Render ``totals.json``: the number of projects, and of offered files."""
    files = sum(entry.file_count for entry in entries)
    return f"{encode_item({'projects': len(entries), 'files': files})}\n".encode()


def format_name(entry: CatalogEntry) -> str:
    """Return the name of a project for people.

    The name of a wheel has ``_`` for each run of ``-_.``, so ``_`` becomes the usual ``-``.
    """
    return entry.display_name.replace("_", "-")


def format_seconds(moment: datetime) -> str:
    """Format a time as RFC 3339 in UTC, without fractions of a second."""
    return format_time(moment)[:19] + "Z"


def _iterate_events(entries: Iterable[CatalogEntry]) -> Iterator[CatalogEvent]:
    return (CatalogEvent(entry, event) for entry in entries for event in _get_events(entry))


def _get_events(entry: CatalogEntry) -> Sequence[ProjectEvent]:
    """Return the events of an entry.

    Records of gcpypi 0.2.0 and older releases have none until their next change. Then the newest
    upload is the only event, of an unknown release and author.
    """
    if entry.recent or entry.latest_upload is None:
        return entry.recent
    return (ProjectEvent("released", None, entry.latest_upload, None),)


def _rank_event(one: CatalogEvent) -> tuple[float, str, str, str]:
    event = one.event
    target = f"{event.release or ''} {event.filename or ''}"
    return -event.time.timestamp(), one.entry.project, event.kind, target


def _make_change(one: CatalogEvent) -> Item:
    return {
        "project": one.entry.project,
        "name": get_other_name(one.entry),
        "kind": one.event.kind,
        "release": one.event.release or "",
        "file": one.event.filename or "",
        "time": format_seconds(one.event.time),
        "author": one.event.author or "",
    }


def _make_release(one: CatalogEvent) -> Item:
    entry = one.entry
    is_latest = one.event.release == entry.latest_version
    return {
        "project": entry.project,
        "name": get_other_name(entry),
        "version": one.event.release or "",
        "time": format_seconds(one.event.time),
        "author": one.event.author or "",
        "status": "yanked" if _is_yanked(one) else "",
        "summary": entry.summary if is_latest else "",
    }


def _is_yanked(release: CatalogEvent) -> bool:
    """Return whether an event says that a whole release is yanked."""
    return any(
        event.kind == "yanked" and event.release == release.event.release and not event.filename
        for event in release.entry.recent
    )


def get_other_name(entry: CatalogEntry) -> str:
    """Return the name for people; empty if it is the normalised name."""
    name = format_name(entry)
    return "" if name == entry.project else name
