"""Command ``rescan``: announce again the uploads that have no answer.

A file has its answer at ``<name>/<generation>.json`` in the verdicts bucket, a command at
``commands/<command id>.json``. The verdict on the object of a command is not its answer: ingest
stores it before it publishes the command. Answers are kept for longer than uploads. To announce an
upload on its way a second time is harmless.
"""

import heapq
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from chassis.batch import map_in_batches
from cloud.ports import Bucket, ObjectInfo, Topic
from ingest.commands.reading import require_author
from ingest.upload import MessageRefused, Upload, is_upload, require_upload_name
from schemas import layout
from schemas.events import FileUploaded

Expected = tuple[str, FileUploaded]
"""Name of the expected verdict, and the announcement of the upload."""


@dataclass(frozen=True, slots=True)
class Rescan:
    """Announcement of the uploads without an answer."""

    incoming: Bucket
    verdicts: Bucket
    uploads: Topic
    pool: Executor

    def run(self, since: datetime, *, dry_run: bool = False) -> Iterator[FileUploaded]:
        """Announce the uploads since ``since`` that have no answer; yield each.

        Both buckets are listed in order, with a request per thousand objects.
        """
        found = self._find_unanswered(since)
        if dry_run:
            yield from found
            return
        for message, _ in map_in_batches(self.pool, self.uploads.publish, found):
            yield message

    def _find_unanswered(self, since: datetime) -> Iterator[FileUploaded]:
        commands: dict[str, FileUploaded] = {}
        verdicts = (verdict.name for verdict in self.verdicts.list())
        yield from find_unlisted_verdicts(self._list_files(since, commands), verdicts)
        if commands:
            for verdict in self.verdicts.list(layout.COMMAND_VERDICTS):
                commands.pop(verdict.name, None)
        yield from commands.values()

    def _list_files(self, since: datetime, commands: dict[str, FileUploaded]) -> Iterator[Expected]:
        """List the files; add each command to ``commands``, under the name of its answer."""
        for info in self.incoming.list():
            if info.created < since or not (message := _announce(self.incoming.name, info)):
                continue
            if layout.is_command_name(info.name):
                commands[_locate_command_verdict(message)] = message
            else:
                yield layout.locate_verdict(info.name, info.generation), message


def _announce(bucket: str, info: ObjectInfo) -> FileUploaded | None:
    """Return the announcement of an object; None if ingest stores no verdict for its name."""
    message = FileUploaded(bucket=bucket, name=info.name, generation=info.generation)
    if not is_upload(message, {}):
        return None
    try:
        upload = Upload.from_message(message)
        require_upload_name(upload, bucket)
        require_author(upload)
    except MessageRefused:
        return None
    return message


def _locate_command_verdict(message: FileUploaded) -> str:
    command_id = layout.derive_command_id(message.name, message.generation or 0)
    return layout.locate_command_verdict(command_id)


def find_unlisted_verdicts(
    uploads: Iterable[Expected], verdicts: Iterable[str]
) -> Iterator[FileUploaded]:
    """Yield the announcements whose expected verdict is not in ``verdicts``, in one pass.

    :param uploads: in the order of the names of the uploads.
    :param verdicts: names in order.
    """
    rest = iter(verdicts)
    verdict = next(rest, None)
    for expected, message in _sort_by_verdict(uploads):
        while verdict is not None and verdict < expected:
            verdict = next(rest, None)
        if verdict != expected:
            yield message


def _sort_by_verdict(uploads: Iterable[Expected]) -> Iterator[Expected]:
    """Sort uploads by the names of their verdicts, with few of them in memory.

    The orders differ: ``a-1`` is before ``a/7.json``, the verdict of ``a``. The verdict of an
    upload comes after the upload itself. So an upload can be yielded when its verdict is before
    the name of the next upload.
    """
    waiting: list[tuple[str, str, FileUploaded]] = []
    for expected, message in uploads:
        while waiting and waiting[0][0] < message.name:
            first, _, earlier = heapq.heappop(waiting)
            yield first, earlier
        heapq.heappush(waiting, (expected, message.name, message))
    for first, _, message in sorted(waiting, key=lambda each: each[0]):
        yield first, message
