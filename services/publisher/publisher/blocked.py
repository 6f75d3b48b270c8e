"""``blocked.json``: what the proxy must not serve, kept ahead of the pages.

It holds an entry of each project that ever had anything to say here: one whose record has a status
or a ``removed`` register. Registers are only ever added to a record, so this follows from the
record alone and, once true, stays true. Hence

* a project without such a register has no entry and costs no write; nor has any earlier revision
  of it, so no stale instance holds anything to write either;
* a project with one has its entry raised to each new revision, *even if the entry says the same*.
  Were it not, an instance stopped at revision 3 (restored) could come after the one that saw
  revision 4 (removed again, as in the entry of revision 2) had written nothing, and undo it.

An entry only ever moves to a higher revision, by compare-and-swap; whoever comes late finds the
higher one and writes nothing. So the last word is the newest record's, at whatever step an
instance stops or dies, without this document and the pages being written at once.
"""

import threading
from collections.abc import Iterable, Mapping

from cloud.ports import Bucket, Headers, StoredObject
from cloud.retry import Retry
from schemas import layout
from schemas.headers import JSON, REVALIDATE
from schemas.names import ProjectName
from schemas.records import Blocked, BlockedProject, ProjectRecord
from schemas.releases import removed_filenames, status_of

_HEADERS = Headers(JSON, REVALIDATE)


def entry_of(record: ProjectRecord) -> BlockedProject | None:
    """What is blocked of a project; None if it never had anything to say here."""
    if not (record.status or record.removed.files or record.removed.versions):
        return None
    return _entry(record)


def merged(blocked: Blocked, records: Iterable[ProjectRecord]) -> Blocked | None:
    """``blocked`` with the entries of ``records``; None if there is nothing to write."""
    changed = {r.project: _entry(r) for r in records if _is_due(blocked, r)}
    if not changed:
        return None
    projects: dict[ProjectName, BlockedProject] = {**blocked.projects, **changed}
    return Blocked(projects=dict(sorted(projects.items())))


def _entry(record: ProjectRecord) -> BlockedProject:
    return BlockedProject(
        revision=record.revision,
        quarantined=status_of(record) == "quarantined",
        filenames=removed_filenames(record),
    )


def _is_due(blocked: Blocked, record: ProjectRecord) -> bool:
    """Whether the record's entry must be written.

    An entry that is there is kept up also for a record without registers: it was made anew.
    """
    known = blocked.projects.get(record.project)
    if known is None:
        return entry_of(record) is not None
    return known.revision <= record.revision and known != _entry(record)


class BlockedList:
    """The document, in the static bucket; one object for all threads of a process.

    One object name takes about one write a second, so the records of threads that come while one
    of them is at it are noted by the next, together.
    """

    def __init__(self, static: Bucket, retry: Retry) -> None:
        self._static = static
        self._retry = retry
        self._waiting: dict[ProjectName, ProjectRecord] = {}
        self._waiting_lock = threading.Lock()
        self._turn = threading.Lock()

    def note(self, record: ProjectRecord) -> None:
        """Return when the document says what ``record`` does, or what a newer one does.

        At most one read, and a write only if that changes something; or nothing, if another
        thread did it. What fails is left for the next thread, and raised here.
        """
        self._add(record)
        with self._turn:
            group = self._group()
            if record.project in group:
                self._retry(lambda: self._attempt(group))
                self._drop(group)

    def _add(self, record: ProjectRecord) -> None:
        with self._waiting_lock:
            other = self._waiting.get(record.project)
            if other is None or other.revision < record.revision:
                self._waiting[record.project] = record

    def _group(self) -> Mapping[ProjectName, ProjectRecord]:
        with self._waiting_lock:
            return dict(self._waiting)

    def _drop(self, group: Mapping[ProjectName, ProjectRecord]) -> None:
        with self._waiting_lock:
            for project, record in group.items():
                if self._waiting[project] is record:
                    del self._waiting[project]

    def _attempt(self, group: Mapping[ProjectName, ProjectRecord]) -> None:
        stored = self._stored()
        blocked = merged(Blocked.model_validate_json(stored.data), group.values())
        if blocked is not None:
            data = blocked.encode()
            self._static.write(layout.BLOCKED, data, _HEADERS, if_generation=stored.generation)

    def _stored(self) -> StoredObject:
        stored = self._static.read(layout.BLOCKED)
        return stored or StoredObject(generation=0, data=Blocked().encode())
