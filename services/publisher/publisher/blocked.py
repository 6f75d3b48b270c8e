"""``blocked.json``: the files that the proxy must not serve, written before the pages.

The document has an entry for each project with a status or a ``removed`` register in its record.
Registers are never deleted from a record, so a project that has an entry keeps it.

* A project without such a register has no entry and costs no write. Its earlier revisions have no
  entry either, so a stale instance has nothing to write.
* A project with such a register gets a new entry for each revision, *even with equal content*.
  Example: revision 2 removes a file, revision 3 restores it, revision 4 removes it again. If
  revision 4 wrote nothing, a delayed instance could then write revision 3 and unblock the file.

An entry changes only to a higher revision, by compare-and-swap. A late instance finds the higher
revision and writes nothing. The newest record therefore wins, even if instances stop or fail at
any step. The document and the pages need no common transaction.
"""

import threading
from collections.abc import Iterable, Mapping

from cloud.ports import Bucket, Headers, StoredObject
from cloud.retry import Retry
from schemas import layout
from schemas.headers import JSON, REVALIDATE
from schemas.names import ProjectName
from schemas.records import Blocked, BlockedProject, ProjectRecord
from schemas.releases import get_status, list_removed_filenames

_HEADERS = Headers(JSON, REVALIDATE)


def build_entry(record: ProjectRecord) -> BlockedProject | None:
    """Return the entry of a record; None if it has neither a status nor a removal."""
    if not (record.status or record.removed.files or record.removed.versions):
        return None
    return _make_entry(record)


def merge_records(blocked: Blocked, records: Iterable[ProjectRecord]) -> Blocked | None:
    """Return ``blocked`` with the entries of ``records``; None if nothing changes."""
    changed = {r.project: _make_entry(r) for r in records if _is_due(blocked, r)}
    if not changed:
        return None
    projects: dict[ProjectName, BlockedProject] = {**blocked.projects, **changed}
    return Blocked(projects=dict(sorted(projects.items())))


def _make_entry(record: ProjectRecord) -> BlockedProject:
    return BlockedProject(
        revision=record.revision,
        quarantined=get_status(record) == "quarantined",
        filenames=list_removed_filenames(record),
    )


def _is_due(blocked: Blocked, record: ProjectRecord) -> bool:
    """Return whether the entry of the record must be written.

    An existing entry is also updated for a record without registers: such a record was recreated.
    """
    known = blocked.projects.get(record.project)
    if known is None:
        return build_entry(record) is not None
    return known.revision <= record.revision and known != _make_entry(record)


class BlockedList:
    """Writer of ``blocked.json`` in the static bucket, shared by all threads of a process.

    Cloud Storage accepts about one write per second per object name. Records that arrive during a
    write are therefore combined in the next write.
    """

    def __init__(self, static: Bucket, retry: Retry) -> None:
        self._static = static
        self._retry = retry
        self._waiting: dict[ProjectName, ProjectRecord] = {}
        self._waiting_lock = threading.Lock()
        self._turn = threading.Lock()

    def update(self, record: ProjectRecord) -> None:
        """Write the entry of ``record``, unless the document has it or a newer one.

        Cost: at most one read, and one write if the document changes; nothing if another thread
        has written the entry. After an error the record waits for the next thread's attempt, and
        the error is raised.
        """
        self._add(record)
        with self._turn:
            group = self._copy_waiting()
            if record.project in group:
                self._retry(lambda: self._attempt(group))
                self._drop(group)

    def _add(self, record: ProjectRecord) -> None:
        with self._waiting_lock:
            other = self._waiting.get(record.project)
            if other is None or other.revision < record.revision:
                self._waiting[record.project] = record

    def _copy_waiting(self) -> Mapping[ProjectName, ProjectRecord]:
        with self._waiting_lock:
            return dict(self._waiting)

    def _drop(self, group: Mapping[ProjectName, ProjectRecord]) -> None:
        with self._waiting_lock:
            for project, record in group.items():
                if self._waiting[project] is record:
                    del self._waiting[project]

    def _attempt(self, group: Mapping[ProjectName, ProjectRecord]) -> None:
        stored = self._read()
        blocked = merge_records(Blocked.model_validate_json(stored.data), group.values())
        if blocked is not None:
            data = blocked.encode()
            self._static.write(layout.BLOCKED, data, _HEADERS, if_generation=stored.generation)

    def _read(self) -> StoredObject:
        stored = self._static.read(layout.BLOCKED)
        return stored or StoredObject(generation=0, data=Blocked().encode())
