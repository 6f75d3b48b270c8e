"""Command ``verify``: derive all objects from the records again, and report differences.

It also reports the commands that take effect, with their authors.

The command writes nothing. It streams listings and checks projects concurrently. It needs memory
for the names of all projects, and for a catalog run.

While the index is in use, the publisher updates pages a moment after their record. So the command
checks every difference again some seconds later, and reports only the remaining differences.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial

from publisher.repair.difference import Difference, Finding
from publisher.repair.index_check import Check, IndexCheck, parse_record_name
from publisher.repair.project_check import ProjectCheck
from schemas import layout
from schemas.names import ProjectName

MAX_RUNNING = 64
"""Maximum number of checks that run at the same time or wait for an older check."""

Progress = Callable[[str], None]
"""Callback for progress messages, called often."""


@dataclass(frozen=True, slots=True)
class Verification:
    """One verification of an index, or of some of its projects."""

    projects: ProjectCheck
    index: IndexCheck
    pool: Executor
    wait: Callable[[], None]
    """Function that waits, so that messages in transit can arrive."""
    progress: Progress

    def run(self, only: Sequence[ProjectName] = ()) -> Iterator[Finding]:
        """Yield the findings about the index, or about the projects in ``only``.

        Commands that take effect come first, differences after the second check.
        """
        checks = self._list_project_checks(only) if only else self._list_all_checks()
        failed = []
        for check, found in self._run_checks(checks, "checked"):
            yield from (one for one in found if not isinstance(one, Difference))
            if any(isinstance(one, Difference) for one in found):
                failed.append(check)
        if failed:
            self.progress(f"pause, then check {len(failed)} again")
            self.wait()
        for _, found in self._run_checks(failed, "checked again"):
            yield from (one for one in found if isinstance(one, Difference))

    def _list_project_checks(self, projects: Iterable[ProjectName]) -> Iterator[Check]:
        return (partial(self.projects.check, layout.locate_record(project)) for project in projects)

    def _list_all_checks(self) -> Iterator[Check]:
        known = set[ProjectName]()
        for info in self.index.metadata.list():
            if project := parse_record_name(info.name):
                known.add(project)
                yield partial(self.projects.check, info.name)
            else:
                yield partial(self.index.report_metadata_object, info.name)
        yield from self.index.list_checks(known)

    def _run_checks(
        self, checks: Iterable[Check], label: str
    ) -> Iterator[tuple[Check, Sequence[Finding]]]:
        """Run checks concurrently, up to a limit; yield each with its findings, in order."""
        running = deque[tuple[Check, Future[Sequence[Finding]]]]()
        for number, check in enumerate(checks, 1):
            running.append((check, self.pool.submit(check)))
            if len(running) > MAX_RUNNING:
                first, future = running.popleft()
                yield first, future.result()
                self.progress(f"{number - MAX_RUNNING} {label}")
        for last, future in running:
            yield last, future.result()
