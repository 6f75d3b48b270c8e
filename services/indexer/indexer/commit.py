"""The record protocol: read with generation → merge → write with that generation → announce.

If another writer was faster (412), or there were too many writes (429), the indexer reads the
record and merges again. The write comes before the announcement, so redelivery is safe: the indexer
finds the change in the record, writes nothing, and announces the record again. After each
announcement of a record, the indexer announces the refusals of files that the pages do not list.

Each write sets the revision of the record, and with it the revisions of the changed releases.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers, StoredObject, Topic
from cloud.retry import Backoff, Retry
from indexer.changed_releases import record_changes
from indexer.large_records import SMALL
from indexer.merge import Change, advance_revision, create_record, merge
from indexer.unlisted import build_refusals
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import ProjectIndexed
from schemas.headers import JSON, NO_STORE
from schemas.names import Filename, ProjectName
from schemas.records import FileRecord, ProjectRecord

DEADLINE = 240.0
"""Seconds during which a commit is retried, well below the ack deadline of 600 s."""

_BACKOFF = Backoff(first=0.2, longest=1.0)
"""Cloud Storage accepts about one write per second to one name. With longer pauses, newer
commits to the same record would overtake a retried commit every time."""

FoundRecord: TypeAlias = StoredObject | int | None
"""Stored record; its size in bytes if it was not read; None if there is none."""

UNREAD: FoundRecord = 0
"""Placeholder for a record that has to be read."""

RETRY = Retry({PreconditionFailed: _BACKOFF, TooManyRequests: _BACKOFF}, DEADLINE)
"""Retry of a commit if another writer was faster (412) or after too many writes (429)."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of all projects."""

    bucket: Bucket
    indexed: Topic
    refused: Topic
    now: Callable[[], datetime]
    retry: Retry = RETRY

    def commit(
        self, project: ProjectName, changes: Sequence[Change], found: FoundRecord = UNREAD
    ) -> list[Exception | None]:
        """Make ``changes`` durable and announce the record.

        Return an exception or None for each change.

        :param found: the result of :meth:`find`. The record is read again if it has changed since,
            or if a change fails on it: it can be older than the change.
        :raises CloudError: if the record could not be written or announced. Then Pub/Sub delivers
            all changes again, although some may already be durable.
        """
        known = iter((found,))
        record, failures = self.retry(
            lambda: self._merge_and_write(project, changes, next(known, UNREAD))
        )
        if any(failures) and not isinstance(found, int):
            record, failures = self.retry(lambda: self._merge_and_write(project, changes))
        if not all(failures):
            self.indexed.publish(ProjectIndexed(project=project, record_revision=record.revision))
        for refusal in build_refusals(record, _list_recorded(changes, failures)):
            self.refused.publish(refusal)
        return failures

    def find(self, project: ProjectName) -> FoundRecord:
        """Return the stored record, or its size in bytes if it is above :data:`SMALL`.

        The indexer limits the number of large records in memory, and most records are small.
        """
        return self.bucket.read_up_to(layout.locate_record(project), SMALL)

    def _merge_and_write(
        self, project: ProjectName, changes: Sequence[Change], found: FoundRecord = UNREAD
    ) -> tuple[ProjectRecord, list[Exception | None]]:
        stored = found
        if isinstance(stored, int):
            stored = self.bucket.read(layout.locate_record(project))
        before = (
            ProjectRecord.model_validate_json(stored.data) if stored else create_record(project)
        )
        after, failures = merge(before, changes, self.now())
        if after == before:
            return before, failures
        after = record_changes(before, advance_revision(after, self.now()))
        self._write(after, stored.generation if stored else 0)
        return after, failures

    def _write(self, record: ProjectRecord, generation: int) -> None:
        headers = Headers(
            content_type=JSON,
            cache_control=NO_STORE,
            metadata=CatalogEntry.from_record(record).to_metadata(),
        )
        name = layout.locate_record(record.project)
        self.bucket.write(name, record.encode(), headers, if_generation=generation)


def _list_recorded(
    changes: Sequence[Change], failures: Sequence[Exception | None]
) -> list[Filename]:
    """Return the names of the files in ``changes`` that are in the record with the same digest."""
    pairs = zip(changes, failures, strict=True)
    return [c.filename for c, failure in pairs if isinstance(c, FileRecord) and failure is None]
