"""Announcement of uploads by message, for files that the index does not seem to know (ADR 24).

The bucket announces each object itself. A message for each file as well would double the work of
ingest. So only the files get one that wait while the index finishes no file.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from cloud.errors import CloudError, NotFound, PermissionDenied
from cloud.ports import Topic
from gcpypi.errors import CommandFailure
from gcpypi.publishing.publication import Publication

AFTER = 5.0
"""Seconds without a change of any file after which the files are announced."""


class Announcements:
    """Announcements of one run: at most one for each file.

    :param connect: returns the topic; it is called before the first message.
    :param bucket: name of the incoming bucket.
    """

    def __init__(
        self,
        connect: Callable[[], Topic],
        bucket: str,
        executor: Executor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect, self._bucket, self._executor = connect, bucket, executor
        self._clock, self._changed = clock, clock()
        self._topic: Topic | None = None
        self._done = set[str]()
        self._is_denied = False

    def reset(self) -> None:
        """Begin the time again, because a file has changed."""
        self._changed = self._clock()

    def announce_late(self, files: Sequence[Publication]) -> None:
        """Announce files if nothing has changed for some time."""
        if self._clock() - self._changed < AFTER or self._is_denied:
            return
        for file in files:
            if file.name and file.name not in self._done:
                self._done.add(file.name)
                self._executor.submit(self._announce, file.name, file.generation, file.sha256)

    def _announce(self, name: str, generation: int | None, sha256: str | None) -> None:
        """Publish a message. A denial is no error, because the bucket announces the file too."""
        if self._is_denied:
            return
        from schemas.events import FileUploaded  # builds all models of messages and records

        message = FileUploaded(bucket=self._bucket, name=name, generation=generation, sha256=sha256)
        try:
            self._topic = self._topic or self._connect()
            self._topic.publish(message)
        except (PermissionDenied, NotFound, CommandFailure):
            self._is_denied = True
        except CloudError:
            pass
