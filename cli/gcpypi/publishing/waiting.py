"""Wait until the index has decided on the uploaded files, and lists the accepted ones.

A page shows all files of its project in one request. The index writes it some time after the
verdict on a file of its project, so it is not read at once. The index handles files approximately
in the order of their upload. So one verdict is enough for a project, that on its last file. The
files that have waited longest come first, and some of the others in turn. More verdicts and pages
follow as long as at least half of them are new.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from cloud.errors import CloudError, PermissionDenied
from cloud.ports import Bucket
from gcpypi.connection.answers import READ_REMEDY, Polling, find_verdict
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.errors import CommandFailure
from gcpypi.publishing.announcements import Announcements
from gcpypi.publishing.listed_files import Digests, ListedFiles
from gcpypi.publishing.publication import FINAL, Publication, Stage
from schemas.names import ProjectName
from schemas.verdict_documents import Verdict

T = TypeVar("T")
PAGES = 16
"""Largest number of pages at a time."""

VERDICTS = 16
"""Largest number of verdicts at a time. Without the pages it is four times as large."""

EACH_FILE = 8
"""Number of rounds of which one reads the verdict on any file, because a last file can be late."""

SHORTEST, LONGEST = 0.1, 0.2
"""Bounds of the least pause between two rounds, and of the time to the next page, in seconds."""

PAUSE_PER_FILE = 0.001
"""Seconds of a pause for each unfinished file: requests become more frequent towards the end."""


class Waiting:
    """Rounds of requests for the state of the uploaded files.

    :param clock: returns seconds; monotonic.
    """

    def __init__(
        self,
        files: Sequence[Publication],
        pages: ListedFiles,
        verdicts: Bucket,
        executor: Executor,
        announcements: Announcements,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pages, self._verdicts = pages, verdicts
        self._open = list(files)
        """Files that are not known to be finished, in the order of their upload."""
        self._by_project = defaultdict[ProjectName | None, list[Publication]](list)
        for file in files:
            self._by_project[file.project].append(file)
        self._executor, self._announcements = executor, announcements
        self._round, self._clock = 0, clock
        self._pause = SHORTEST
        """Seconds of the least pause, and from a verdict or page to the next page."""
        self._due = dict[ProjectName, float]()
        """Times of the next requests of pages."""
        self._unread = set[ProjectName]()
        """Projects with a verdict, of which no page was read since."""
        self.denial: CommandFailure | None = None
        """Failure of the verdicts, if the identity may not read them."""

    @property
    def is_blind(self) -> bool:
        """True if neither the pages nor the verdicts can be read, so that no wait can end."""
        return self.denial is not None and not self._pages.is_readable

    @property
    def unfinished(self) -> Sequence[Publication]:
        """Uploaded files without a final state, in the order of their upload."""
        return self._select_unfinished(self._open)

    def _select_unfinished(self, files: Sequence[Publication]) -> Sequence[Publication]:
        last = Stage.ACCEPTED if self._pages.is_readable else Stage.UPLOADED
        return [file for file in files if file.stage in (Stage.UPLOADED, last)]

    def iterate_rounds(self, polling: Polling) -> Iterator[None]:
        """Request the state of the files, and yield after each round, until the deadline.

        End at once if nothing can be read.
        """
        for _ in polling.iterate_rounds():
            if self._look():
                polling.reset_pauses()
                self._announcements.reset()
            rest = self.unfinished
            self._pause = min(LONGEST, max(SHORTEST, len(rest) * PAUSE_PER_FILE))
            polling.least_pause = self._pause
            polling.longest_pause = self._compute_time_to_page()
            self._announcements.announce_late([f for f in rest if f.stage is Stage.UPLOADED])
            if self.is_blind:
                return
            yield

    def _compute_time_to_page(self) -> float:
        """Return the seconds to the next first request of a page after a verdict.

        The other requests of a page follow in the rounds, with their growing pauses.
        """
        due = min((self._due[project] for project in self._unread), default=math.inf)
        return max(0.0, due - self._clock())

    def _look(self) -> bool:
        """Request the state of some files, and return whether one has changed."""
        self._round += 1
        self._open = [file for file in self._open if file.stage not in FINAL]
        before = [file.stage for file in self._open]
        if self._pages.is_readable:
            self._read_pages()
        self._read_verdicts()
        return before != [file.stage for file in self._open]

    def _read_pages(self) -> None:
        """Read due pages until less than half of those at a time complete their project."""
        while chosen := choose_some(self._list_due(), PAGES, self._round):
            self._apply_pages(self._pages.read_many(chosen, self._executor))
            self._due.update(dict.fromkeys(chosen, self._clock() + self._pause))
            self._unread.difference_update(chosen)
            late = sum(1 for each in chosen if self._select_unfinished(self._by_project[each]))
            if late > len(chosen) // 2:
                return

    def _list_due(self) -> Sequence[ProjectName]:
        """Return the projects with a page to read now, in the order of the upload."""
        waiting = [f for f in self.unfinished if f.stage is Stage.ACCEPTED or self.denial]
        projects = dict.fromkeys(file.project for file in waiting if file.project)
        now = self._clock()
        return [project for project in projects if self._due.get(project, now) <= now]

    def _apply_pages(self, pages: Mapping[ProjectName, Digests]) -> None:
        for project, page in pages.items():
            for file in self._select_unfinished(self._by_project[project]):
                if page.get(file.filename) == file.sha256:
                    file.stage = Stage.PUBLISHED

    def _read_verdicts(self) -> None:
        """Read verdicts until less than half of those at a time are there.

        In a round for each file there is one reading, because the pages list most of them soon.
        """
        limit = VERDICTS if self._pages.is_readable else 4 * VERDICTS
        while chosen := choose_some(self._list_undecided(), limit, self._round):
            list(self._executor.map(self._read_verdict, chosen))
            late = sum(1 for file in chosen if file.stage is Stage.UPLOADED)
            if late > len(chosen) // 2 or self._is_for_each_file:
                return

    @property
    def _is_for_each_file(self) -> bool:
        return self._pages.is_readable and self._round % EACH_FILE == 0

    def _list_undecided(self) -> Sequence[Publication]:
        """Return the files with a verdict to look for, in the order of the upload.

        A project with an accepted file is left out, because its page is read soon.
        """
        undecided = [file for file in self._open if file.stage is Stage.UPLOADED]
        if not self._pages.is_readable or self._is_for_each_file:
            return undecided
        accepted = {file.project for file in self._open if file.stage is Stage.ACCEPTED}
        last = {file.project: file for file in undecided if file.project not in accepted}
        return list(last.values())

    def _read_verdict(self, file: Publication) -> None:
        """Read the verdict on a file. After a failure the next round reads it."""
        try:
            verdict = find_verdict(self._verdicts, file.name or "", file.generation or 0)
        except PermissionDenied as error:
            self.denial = explain_cloud_error(error, {PermissionDenied: READ_REMEDY})
            return
        except CloudError:
            return
        except CommandFailure as failure:
            file.stage, file.detail = Stage.FAILED, str(failure)
            return
        if verdict:
            now = self._clock()
            file.apply_verdict(verdict)
            if file.project and file.stage is Stage.ACCEPTED and self._pages.is_readable:
                due = now + self._pause - estimate_age(file, verdict, now)
                self._due[file.project] = max(due, self._due.get(file.project, now))
                self._unread.add(file.project)


def estimate_age(file: Publication, verdict: Verdict, now: float) -> float:
    """Return the seconds since the time of a verdict, or somewhat less.

    The clock of this machine can differ from those of Google Cloud. So the time from the upload to
    the verdict is theirs, and the time since the upload is from this machine.

    :param now: seconds of the monotonic clock.
    """
    if file.created is None:
        return 0.0
    decided_after = (verdict.time - file.created).total_seconds()
    return max(0.0, now - file.uploaded_at - decided_after)


def choose_some(items: Sequence[T], limit: int, turn: int) -> Sequence[T]:
    """Return the first items, and a part of the others that changes with each turn.

    Files without an answer therefore do not delay the answers of later files.
    """
    if len(items) <= limit:
        return items
    first, rest = items[: limit // 2], items[limit // 2 :]
    share = limit - len(first)
    start = turn * share % len(rest)
    return [*first, *[*rest[start:], *rest[:start]][:share]]
