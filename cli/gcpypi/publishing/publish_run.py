"""One run of ``gcpypi publish``: find the files, upload them, and wait for the index."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from cloud.ports import Topic
from gcpypi.checking.local_check import check_files
from gcpypi.connection.answers import Polling
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.publishing.announcements import Announcements
from gcpypi.publishing.file_uploads import FileUploads
from gcpypi.publishing.listed_files import Digests, ListedFiles
from gcpypi.publishing.progress import PublishProgress
from gcpypi.publishing.publication import Publication, Stage
from gcpypi.publishing.results import DONE, choose_exit_code
from gcpypi.publishing.waiting import Waiting
from schemas.names import ProjectName, derive_equivalence

REQUESTS = 8
"""Requests for the state of files at a time."""

LONGEST_UPLOAD = 86_400.0
"""Seconds for all uploads. Each request has its own time limit."""

_REFRESH = 0.2
"""Seconds between two updates of the progress while nothing else is requested."""


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """Options of a run."""

    run_id: str | None = None
    """Beginning of the run id; None: from the CI or the time."""
    wait: bool = True
    """Whether to wait for the verdicts and the pages."""
    jobs: int = 16
    """Uploads at a time."""
    as_json: bool = False
    """Whether to print JSON in place of a table."""


class PublishRun:
    """Run of one command.

    :param name: ``<uploader>/<run id>``.
    :param files: the files, wheels first. Exact duplicates are removed from it.
    """

    def __init__(
        self,
        connection: IndexConnection,
        name: str,
        files: list[Publication],
        options: PublishOptions,
    ) -> None:
        self._connection, self._options = connection, options
        self._name, self._files = name, files
        self._pages = ListedFiles(connection.index if connection.settings.index_url else None)
        self.failure: CommandFailure | None = None
        """Failure that ended the run."""

    def execute(self) -> ExitCode:
        """Upload and wait; return the exit code.

        :raises CommandFailure: if the index or Cloud Storage cannot be used at all.
        """
        bucket = self._connection.get_uploads()
        self._settle_conflicts()
        with ExitStack() as stack:
            progress = stack.enter_context(PublishProgress(self._files))
            requests = stack.enter_context(ThreadPoolExecutor(REQUESTS))
            listed = self._read_pages(progress, requests)
            policy = self._connection.settings.policy
            uploads = FileUploads(bucket, self._name, policy, listed)
            pool = stack.enter_context(ThreadPoolExecutor(self._options.jobs))
            waiting = self._create_waiting(bucket.name, requests)
            try:
                self._upload(uploads, pool, waiting, progress)
                self.failure = uploads.failure
                if self._options.wait and not self.failure:
                    self._wait(waiting, progress)
            except KeyboardInterrupt:
                uploads.cancel()
                requests.shutdown(wait=False, cancel_futures=True)
                pool.shutdown(cancel_futures=True)
                return ExitCode.INTERRUPTED
        return self._choose_exit_code()

    def _settle_conflicts(self) -> None:
        """Refuse all but one of equivalent files, and remove exact duplicates."""
        keys = {file.path: derive_equivalence(file.filename) for file in self._files}
        counts = Counter(keys.values())
        conflicts = [path for path, key in keys.items() if key and counts[key] > 1]
        by_path, names = {file.path: file for file in self._files}, set[str]()
        for checked in check_files(conflicts, self._connection.settings.policy):
            file = by_path[checked.path]
            if checked.refused:
                file.refuse(checked.refused)
            elif file.filename in names:
                self._files.remove(file)
            else:
                names.add(file.filename)

    def _read_pages(
        self, progress: PublishProgress, requests: ThreadPoolExecutor
    ) -> dict[ProjectName, Digests]:
        """Return the present pages of all projects.

        :raises CommandFailure: if they cannot be read, although the index gave its description.
        """
        projects = dict.fromkeys(file.project for file in self._files if file.project)
        listed = self._pages.read_many(projects, requests)
        if failure := self._pages.failure:
            if not self._connection.settings.description:
                raise failure
            self._pages.give_up()
            progress.say(f"{failure}. So the command waits for verdicts, and not for the pages")
        elif not self._pages.is_readable and self._options.wait:
            progress.say("no GCPYPI_INDEX_URL: the command waits for verdicts, and not for pages")
        return dict(listed)

    def _create_waiting(self, incoming: str, requests: ThreadPoolExecutor) -> Waiting:
        return Waiting(
            self._files,
            self._pages,
            self._connection.get_bucket("verdicts"),
            requests,
            Announcements(self._connect_topic, incoming, requests),
        )

    def _connect_topic(self) -> Topic:
        from schemas.events import FileUploaded

        return self._connection.get_topic(FileUploaded.topic)

    def _upload(
        self,
        uploads: FileUploads,
        pool: ThreadPoolExecutor,
        waiting: Waiting,
        progress: PublishProgress,
    ) -> None:
        """Upload all files, and request the state of the uploaded ones at the same time."""
        futures = [pool.submit(uploads.process, file) for file in self._files]
        if self._options.wait:
            polling = Polling(LONGEST_UPLOAD, sleep=partial(_pause, futures))
            for _ in waiting.iterate_rounds(polling):
                progress.update(uploads.sent)
                if all(future.done() for future in futures):
                    break
        while wait(futures, timeout=_REFRESH).not_done:
            progress.update(uploads.sent)
        progress.update(uploads.sent)
        for future in futures:
            future.result()
        progress.say_uploaded()

    def _wait(self, waiting: Waiting, progress: PublishProgress) -> None:
        """Wait for the files. End with a failure as soon as nothing about them can be read."""
        if not waiting.unfinished:
            return
        polling, is_said = Polling(self._connection.settings.timeout), False
        for _ in waiting.iterate_rounds(polling):
            progress.update_published()
            if waiting.denial and not is_said:
                progress.say(f"{waiting.denial}. So the command waits for the pages only")
                is_said = True
            if not waiting.unfinished:
                break
        if waiting.is_blind and waiting.unfinished:
            self.failure = waiting.denial

    def _choose_exit_code(self) -> ExitCode:
        finished = list(DONE)
        if not self._options.wait:
            finished.append(Stage.UPLOADED)
        if not self._pages.is_readable:
            finished.append(Stage.ACCEPTED)
        return choose_exit_code(self._files, finished)


def _pause(futures: Sequence[Future[None]], seconds: float) -> None:
    """Wait until the last upload has ended, at most ``seconds``.

    The others have usually ended by then. A wait for all of them takes more CPU time.
    """
    unfinished = [future for future in futures if not future.done()]
    wait(unfinished[-1:], timeout=seconds)
