"""``blocked.json``: list of the files that the proxy must not serve.

The publisher writes it before the pages.

The document has an entry for each project with a status, a status of a release, or a ``removed``
register in its record.
Registers are never deleted from a record, so a project that has an entry keeps it.

* A project without such a register has no entry and needs no write. Its earlier revisions have no
  entry either, so an instance that has read an earlier revision writes nothing.
* A project with such a register gets a new entry for each revision, *even with equal content*.
  Example: revision 2 removes a file, revision 3 restores it, revision 4 removes it again. If
  revision 4 wrote nothing, a delayed instance could afterwards write revision 3 and unblock the
  file.

Each write is a compare-and-swap, and an entry never changes to a lower revision. A delayed instance
finds the higher revision and writes nothing. So each entry finally is that of the newest record,
even if instances stop or fail at any step. The document and the pages need no common transaction.

Fields of a newer gcpypi stay in the document and its entries, so that nothing is unblocked. An
entry keeps them until the newer gcpypi publishes the project again.

The document names a quarantined release and each of its files. A proxy that does not know the field
``releases`` blocks only the named files. A newer proxy blocks all files of the release, including
promoted files that are not in the record yet.
"""

import threading
from collections.abc import Iterable, Mapping

from cloud.ports import Bucket, Headers, StoredObject
from cloud.retry import Retry
from schemas import layout
from schemas.headers import JSON, REVALIDATE
from schemas.names import ProjectName
from schemas.records import Blocked, BlockedProject, ProjectRecord
from schemas.releases import get_status, list_blocked_filenames, list_quarantined_releases

_HEADERS = Headers(JSON, REVALIDATE)


def build_needed_entry(record: ProjectRecord) -> BlockedProject | None:
    """Return the entry of a record, or None if the record needs no entry.

    It needs one if it has a status, a status of a release, or a removal.
    """
    removals = record.removed.files or record.removed.versions
    if not (record.status or record.release_status or removals):
        return None
    return build_entry(record)


def merge_records(blocked: Blocked, records: Iterable[ProjectRecord]) -> Blocked | None:
    """Return ``blocked`` with the entries of ``records``; None if nothing changes."""
    changed = {r.project: entry for r in records if (entry := _find_change(blocked, r))}
    if not changed:
        return None
    projects: dict[ProjectName, BlockedProject] = {**blocked.projects, **changed}
    return blocked.model_copy(update={"projects": dict(sorted(projects.items()))})


def build_entry(record: ProjectRecord) -> BlockedProject:
    """Return the entry of a record."""
    return BlockedProject(
        revision=record.revision,
        quarantined=get_status(record) == "quarantined",
        filenames=list_blocked_filenames(record),
        releases=list_quarantined_releases(record),
    )


def _find_change(blocked: Blocked, record: ProjectRecord) -> BlockedProject | None:
    """Return the entry to write for the record, or None.

    Update an existing entry even for a record without registers: the indexer created this record
    again after a deletion.
    """
    known = blocked.projects.get(record.project)
    if known is None:
        return build_needed_entry(record)
    if known.revision > record.revision:
        return None
    entry = known.model_copy(update=dict(build_entry(record)))
    return None if entry == known else entry


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
        self._write_lock = threading.Lock()

    def update(self, record: ProjectRecord) -> None:
        """Write the entry of ``record``, unless the document has it or a newer one.

        Each attempt costs one read, and one write if the document changes. No attempt is needed if
        another thread has already written the entry. After an error, raise the error; the next
        thread tries to write the record again.
        """
        self._add(record)
        with self._write_lock:
            group = self._copy_waiting()
            if record.project in group:
                self._retry(lambda: self._attempt(group))
                self._remove_written(group)

    def _add(self, record: ProjectRecord) -> None:
        with self._waiting_lock:
            waiting = self._waiting.get(record.project)
            if waiting is None or waiting.revision < record.revision:
                self._waiting[record.project] = record

    def _copy_waiting(self) -> Mapping[ProjectName, ProjectRecord]:
        with self._waiting_lock:
            return dict(self._waiting)

    def _remove_written(self, group: Mapping[ProjectName, ProjectRecord]) -> None:
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
