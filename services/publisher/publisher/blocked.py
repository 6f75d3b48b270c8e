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

from dataclasses import dataclass

from cloud.errors import NotFound
from cloud.ports import Bucket, Headers, StoredObject
from publisher.persistence import Persistence
from schemas import layout
from schemas.names import ProjectName
from schemas.records import Blocked, BlockedProject, ProjectRecord
from schemas.releases import removed_filenames, status_of

HEADERS = Headers(content_type="application/json", cache_control="private, no-cache")


def entry_of(record: ProjectRecord) -> BlockedProject:
    """What is blocked of a project."""
    return BlockedProject(
        revision=record.revision,
        quarantined=status_of(record) == "quarantined",
        filenames=removed_filenames(record),
    )


def merged(blocked: Blocked, record: ProjectRecord) -> Blocked | None:
    """``blocked`` with ``record``'s entry; None if there is nothing to write."""
    known, entry = blocked.projects.get(record.project), entry_of(record)
    if known is None and not _has_registers(record):
        return None
    if known is not None and (known.revision > entry.revision or known == entry):
        return None
    projects: dict[ProjectName, BlockedProject] = {**blocked.projects, record.project: entry}
    return Blocked(projects=dict(sorted(projects.items())))


def _has_registers(record: ProjectRecord) -> bool:
    return bool(record.status or record.removed.files or record.removed.versions)


@dataclass(frozen=True, slots=True)
class BlockedList:
    """The document, in the static bucket."""

    static: Bucket
    persistence: Persistence

    def note(self, record: ProjectRecord) -> None:
        """Return when the document says what ``record`` does, or what a newer one does.

        One read, and a write only if that changes something.
        """
        self.persistence.until_done(lambda: self._attempt(record))

    def _attempt(self, record: ProjectRecord) -> None:
        stored = self._stored()
        blocked = merged(Blocked.model_validate_json(stored.data), record)
        if blocked is not None:
            data = blocked.encode()
            self.static.write(layout.BLOCKED, data, HEADERS, if_generation=stored.generation)

    def _stored(self) -> StoredObject:
        try:
            stored = self.static.read(layout.BLOCKED)
        except NotFound:
            stored = None
        return stored or StoredObject(generation=0, data=Blocked().encode())
