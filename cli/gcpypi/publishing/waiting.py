"""Wait until the index has decided on the uploaded files, and lists the accepted ones.

A page shows all files of its project in one request. Pages and verdicts are read only of the files
that have waited longest, because the index handles files about in their order, and in turn of some
others. Further pages follow as long as the pages have new files.
"""

from collections.abc import Iterator, KeysView, Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from cloud.errors import CloudError, PermissionDenied
from cloud.ports import Bucket
from gcpypi.connection.answers import READ_REMEDY, Polling, find_verdict
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.errors import CommandFailure
from gcpypi.publishing.announcements import Announcements
from gcpypi.publishing.listed_files import Digests, ListedFiles
from gcpypi.publishing.publication import Publication, Stage
from schemas.names import ProjectName

T = TypeVar("T")
PAGES = 16
"""Largest number of pages at a time."""

VERDICTS = 16
"""Largest number of verdicts of one round. Without the pages it is four times as large."""

PAUSE_PER_FILE = 0.008
"""Seconds of pause for each unfinished file: rounds become more frequent towards the end."""


class Waiting:
    """Rounds of requests for the state of the uploaded files."""

    def __init__(
        self,
        files: Sequence[Publication],
        pages: ListedFiles,
        verdicts: Bucket,
        executor: Executor,
        announcements: Announcements,
    ) -> None:
        self._files, self._pages, self._verdicts = files, pages, verdicts
        self._executor, self._announcements = executor, announcements
        self._round = 0
        self.denial: CommandFailure | None = None
        """Failure of the verdicts, if the identity may not read them."""

    @property
    def is_blind(self) -> bool:
        """True if neither the pages nor the verdicts can be read, so that no wait can end."""
        return self.denial is not None and not self._pages.is_readable

    @property
    def unfinished(self) -> Sequence[Publication]:
        """Uploaded files without a final state, in the order of their upload."""
        last = Stage.ACCEPTED if self._pages.is_readable else Stage.UPLOADED
        return [file for file in self._files if file.stage in (Stage.UPLOADED, last)]

    def iterate_rounds(self, polling: Polling) -> Iterator[None]:
        """Request the state of the files, and yield after each round, until the deadline.

        End at once if nothing can be read.
        """
        for _ in polling.iterate_rounds():
            if self._look():
                polling.reset_pauses()
                self._announcements.reset()
            rest = self.unfinished
            polling.least_pause = len(rest) * PAUSE_PER_FILE
            self._announcements.announce_late([f for f in rest if f.stage is Stage.UPLOADED])
            if self.is_blind:
                return
            yield

    def _look(self) -> bool:
        """Request the state of some files, and return whether one has changed."""
        before = [file.stage for file in self._files]
        self._round += 1
        if self._pages.is_readable:
            self._read_pages()
        self._read_verdicts()
        return before != [file.stage for file in self._files]

    def _read_pages(self) -> None:
        """Read pages until less than half of those at a time complete their project."""
        asked = set[ProjectName]()
        while True:
            missing = [each for each in self._list_projects() if each not in asked]
            chosen = choose_some(missing, PAGES, self._round)
            self._apply_pages(self._pages.read_many(chosen, self._executor))
            asked.update(chosen)
            late = self._list_projects() & set(chosen)
            if len(chosen) < PAGES or len(late) > PAGES // 2:
                return

    def _list_projects(self) -> KeysView[ProjectName]:
        """Return the projects of the unfinished files, in the order of the upload."""
        return dict.fromkeys(file.project for file in self.unfinished if file.project).keys()

    def _apply_pages(self, pages: Mapping[ProjectName, Digests]) -> None:
        for file in self.unfinished:
            page = pages.get(file.project, {}) if file.project else {}
            if page.get(file.filename) == file.sha256:
                file.stage = Stage.PUBLISHED

    def _read_verdicts(self) -> None:
        limit = VERDICTS if self._pages.is_readable else 4 * VERDICTS
        undecided = [file for file in self._files if file.stage is Stage.UPLOADED]
        list(self._executor.map(self._read_verdict, choose_some(undecided, limit, self._round)))

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
            file.apply_verdict(verdict)


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
