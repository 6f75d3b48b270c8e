"""Command ``reindex``: announce the files in the packages bucket again.

Ingest always reads the facts of a file from the promoted object, so they are the same as in the
first announcement. The indexer handles these announcements like all others.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from chassis.batch import UnknownProjects, map_in_batches
from checks.refusal import Refused
from cloud.ports import ObjectInfo, Topic
from ingest.promotion import Promotion
from schemas import layout
from schemas.events import FileAccepted
from schemas.names import Filename, ProjectName, parse_display_name, try_normalize_project


@dataclass(frozen=True, slots=True)
class Reindex:
    """Announcement of promoted files."""

    promotion: Promotion
    accepted: Topic
    pool: Executor

    def run(self, only: Collection[ProjectName] = ()) -> Iterator[tuple[str, Refused | None]]:
        """Announce the files; yield the name of each with its refusal, or None.

        :param only: projects whose files are announced; all projects if empty.
        :raises UnknownProjects: before the first announcement, if a project has no file.
        """
        self._require_files(only)
        objects = (info for info in self.promotion.packages.list() if _is_selected(info.name, only))
        for info, refusal in map_in_batches(self.pool, self._announce, objects):
            yield info.name, refusal

    def _require_files(self, projects: Collection[ProjectName]) -> None:
        if not projects:
            return
        names = (info.name for info in self.promotion.packages.list())
        known = {project for name in names if (project := _parse_project(name))}
        if missing := set(projects) - known:
            raise UnknownProjects("file", missing, known)

    def _announce(self, info: ObjectInfo) -> Refused | None:
        try:
            promoted = self.promotion.recover(info)
        except Refused as refused:
            return refused
        self.accepted.publish(FileAccepted(file=promoted.file))
        return None


def _is_selected(name: str, only: Collection[ProjectName]) -> bool:
    """Return True for a distribution file of one of the projects, by its file name."""
    return not name.endswith(layout.METADATA_SUFFIX) and (not only or _parse_project(name) in only)


def _parse_project(name: str) -> ProjectName | None:
    return try_normalize_project(parse_display_name(Filename(name)))
