"""``reindex``: announce again what lies in the packages bucket, from the promoted objects alone.

A file's facts are always built from the promoted object, so they come out as they did at first, and
the indexer takes them as it takes every announcement: a repair goes the way of every publish.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from chassis.batch import map_in_batches
from checks.refusal import Refused
from cloud.ports import ObjectInfo, Topic
from ingest.promotion import Promotion
from schemas import layout
from schemas.events import FileAccepted
from schemas.names import Filename, ProjectName, display_name, try_normalize_project


@dataclass(frozen=True, slots=True)
class Reindex:
    """Announces files that were promoted."""

    promotion: Promotion
    accepted: Topic
    pool: Executor

    def run(self, only: Collection[ProjectName] = ()) -> Iterator[tuple[str, Refused | None]]:
        """Yield each file with what kept it from being announced, if anything did.

        :param only: the projects whose files are meant; all where there are none.
        """
        objects = (info for info in self.promotion.packages.list() if _is_meant(info.name, only))
        for info, refusal in map_in_batches(self.pool, self._announce, objects):
            yield info.name, refusal

    def _announce(self, info: ObjectInfo) -> Refused | None:
        try:
            promoted = self.promotion.promoted(info)
        except Refused as refused:
            return refused
        self.accepted.publish(FileAccepted(file=promoted.file))
        return None


def _is_meant(name: str, only: Collection[ProjectName]) -> bool:
    """Whether an object is a file, and of one of the projects; by its name's first part."""
    return not name.endswith(layout.METADATA_SUFFIX) and (not only or _project(name) in only)


def _project(name: str) -> ProjectName | None:
    return try_normalize_project(display_name(Filename(name)))
