"""Command ``rebuild``: publish pages again through the publisher service.

It announces records with ``force``. The publisher then skips no page, and publishes the catalog as
after any commit. So a repair needs no rendering code of its own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from chassis.batch import map_in_batches
from cloud.ports import Bucket, ObjectInfo, Topic
from publisher.repair.index_check import parse_record_name
from schemas import layout
from schemas.events import ProjectIndexed
from schemas.names import ProjectName


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Announcement of existing records."""

    metadata: Bucket
    indexed: Topic
    pool: Executor

    def run(self, only: Sequence[ProjectName] = ()) -> Iterator[ProjectName]:
        """Announce all projects, or those of ``only`` that have a record; yield each."""
        records = self._find_records(only) if only else self.metadata.list(layout.RECORDS)
        messages = (message for info in records if (message := _make_message(info)))
        for message, _ in map_in_batches(self.pool, self.indexed.publish, messages):
            yield message.project

    def _find_records(self, projects: Sequence[ProjectName]) -> Iterator[ObjectInfo]:
        return filter(
            None, (self.metadata.stat(layout.locate_record(project)) for project in projects)
        )


def _make_message(info: ObjectInfo) -> ProjectIndexed | None:
    """Return the announcement; None for an object that is not a record.

    If the custom metadata has no revision, announce 0: no record has a lower revision.
    """
    project = parse_record_name(info.name)
    if project is None:
        return None
    revision = layout.read_record_revision(info.metadata) or 0
    return ProjectIndexed(project=project, record_revision=revision, force=True)
