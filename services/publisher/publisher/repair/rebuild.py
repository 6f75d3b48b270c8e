"""``rebuild``: have pages published again by those who always publish them.

Announces records with ``force``; the publisher then skips no page, and the catalog runs as after
any commit. So a repair goes the way of every publish, and there is no second one to go wrong.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from chassis.batch import map_in_batches
from cloud.ports import Bucket, ObjectInfo, Topic
from publisher.repair.index import project_of_record
from schemas import layout
from schemas.events import ProjectIndexed
from schemas.names import ProjectName


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Announces records that are there."""

    metadata: Bucket
    indexed: Topic
    pool: Executor

    def run(self, only: Sequence[ProjectName] = ()) -> Iterator[ProjectName]:
        """Yield each project that was announced: all, or those of ``only`` that have a record."""
        records = self._named(only) if only else self.metadata.list(layout.RECORDS)
        messages = (message for info in records if (message := _message(info)))
        for message, _ in map_in_batches(self.pool, self.indexed.publish, messages):
            yield message.project

    def _named(self, projects: Sequence[ProjectName]) -> Iterator[ObjectInfo]:
        return filter(None, (self.metadata.stat(layout.record(project)) for project in projects))


def _message(info: ObjectInfo) -> ProjectIndexed | None:
    """The announcement; of revision 0 where the object does not say, which no record is behind."""
    project = project_of_record(info.name)
    if project is None:
        return None
    revision = layout.record_revision(info.metadata) or 0
    return ProjectIndexed(project=project, record_revision=revision, force=True)
