"""The record protocol: read with generation → merge → write with that generation → announce.

A write that lost a race (412) or came too soon (429) is merged again onto what is there by then.
The order of write and announcement is what makes redelivery safe: whoever finds the change already
made announces it again.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers, Topic
from indexer.merge import Change, empty, merge, revised
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import ProjectIndexed
from schemas.names import ProjectName
from schemas.records import ProjectRecord

DEADLINE = 240.0
"""Seconds within which a commit is tried again: well below the ack deadline of 600 s."""

_PAUSE = 0.2
"""Seconds of the first pause, on average; about one write a second to one name is taken."""

_LONGEST_PAUSE = 1.0
"""Seconds: who pauses longer than a name's interval loses its turn to who came later."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of all projects."""

    bucket: Bucket
    topic: Topic
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def commit(self, project: ProjectName, changes: Sequence[Change]) -> list[Exception | None]:
        """Make ``changes`` durable and announce the record; answer each with its exception, if any.

        :raises CloudError: if the record could not be written or announced; then none of the
            changes may be acknowledged, though some may be durable.
        """
        record, failures = self._merge_and_write(project, changes)
        if not all(failures):
            self.topic.publish(ProjectIndexed(project=project, record_revision=record.revision))
        return failures

    def _merge_and_write(
        self, project: ProjectName, changes: Sequence[Change]
    ) -> tuple[ProjectRecord, list[Exception | None]]:
        give_up = self.monotonic() + DEADLINE
        pause = _PAUSE
        while True:
            stored = self.bucket.read(layout.record(project))
            before = ProjectRecord.model_validate_json(stored.data) if stored else empty(project)
            after, failures = merge(before, changes, self.now())
            if after == before:
                return before, failures
            after = revised(after, self.now())
            try:
                self._write(after, stored.generation if stored else 0)
            except (PreconditionFailed, TooManyRequests):
                if self.monotonic() > give_up:
                    raise
                self.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return after, failures

    def _write(self, record: ProjectRecord, generation: int) -> None:
        headers = Headers(
            content_type="application/json",
            cache_control="no-store",
            metadata=CatalogEntry.from_record(record).metadata(),
        )
        name = layout.record(record.project)
        self.bucket.write(name, record.encode(), headers, if_generation=generation)
