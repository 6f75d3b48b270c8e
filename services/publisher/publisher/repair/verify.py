"""``verify``: recompute everything that follows from the records, and say where it differs.

Writes nothing. The listings are streamed and projects looked at side by side; what is held in
memory are the projects' names, and what the catalog itself holds.

On an index that is in use, pages lag behind records by a moment. So whatever differs is looked at
once more, some seconds later, and only what differs then is a difference.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial

from publisher.repair.difference import Difference
from publisher.repair.index import Check, IndexCheck, project_of_record
from publisher.repair.project import ProjectCheck
from schemas import layout
from schemas.names import ProjectName

AHEAD = 64
"""Checks begun before the first of them is waited for."""

Progress = Callable[[str], None]
"""Told, often, how far it is."""


@dataclass(frozen=True, slots=True)
class Verification:
    """One run over an index, or over some of its projects."""

    projects: ProjectCheck
    index: IndexCheck
    pool: Executor
    wait: Callable[[], None]
    """Returns when a message that was under way has surely arrived."""
    progress: Progress

    def run(self, only: Sequence[ProjectName] = ()) -> Iterator[Difference]:
        """Yield the differences; of the projects ``only`` names, where it names any."""
        checks = self._some(only) if only else self._all()
        suspects = [check for check, found in self._looked(checks, "looked at") if found]
        if suspects:
            self.progress(f"{len(suspects)} to be looked at again, in a moment")
            self.wait()
        for _, found in self._looked(suspects, "looked at again"):
            yield from found

    def _some(self, projects: Iterable[ProjectName]) -> Iterator[Check]:
        return (partial(self.projects.look, layout.record(project)) for project in projects)

    def _all(self) -> Iterator[Check]:
        known = set[ProjectName]()
        for info in self.index.metadata.list():
            if project := project_of_record(info.name):
                known.add(project)
                yield partial(self.projects.look, info.name)
            else:
                yield partial(self.index.metadata_object, info.name)
        yield from self.index.checks(known)

    def _looked(
        self, checks: Iterable[Check], done: str
    ) -> Iterator[tuple[Check, list[Difference]]]:
        """Yield each check with what it found, in order, with a bounded number under way."""
        running = deque[tuple[Check, Future[list[Difference]]]]()
        for number, check in enumerate(checks, 1):
            running.append((check, self.pool.submit(check)))
            if len(running) > AHEAD:
                first, future = running.popleft()
                yield first, future.result()
                self.progress(f"{number - AHEAD} {done}")
        for last, future in running:
            yield last, future.result()
