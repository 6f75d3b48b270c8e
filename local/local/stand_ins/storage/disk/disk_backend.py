"""Backend that keeps the state in a folder."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.stand_ins.storage import errors
from local.stand_ins.storage.backends import ObjectChange, StoredState
from local.stand_ins.storage.buckets import BucketState
from local.stand_ins.storage.contents import ObjectContent
from local.stand_ins.storage.disk.content_files import ContentFiles, FileContent
from local.stand_ins.storage.disk.database import Database, VersionRow
from local.stand_ins.storage.disk.small_contents import MAX_SIZE, SmallContent, SmallContents
from local.stand_ins.storage.disk.version_rows import decode_version, encode_version
from local.stand_ins.storage.objects import Version

logger = logging.getLogger(__name__)

RESERVE = 1000
"""Number of the generations that the database counts in advance, so that few changes write it.

A new process skips those that were not issued."""


class DiskBackend:
    """Backend in a folder. It implements :class:`local.stand_ins.storage.backends.Backend`.

    A small content is written in the transaction of its version, and the file of a larger one
    before that. So a killed process loses nothing that it had confirmed.

    :param folder: the folder; it is created if it is missing.
    :raises LocalError: if another process uses the folder, or a newer release has written it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = Database(folder / "objects.sqlite3")
        self._small = SmallContents(self._database)
        self._files = ContentFiles(folder / "contents")
        self._reserved = self._database.read_issued()
        self._lost: set[tuple[str, str]] = set()
        """Bucket and name of the objects with a row in the database that is not in the state."""

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def load(self) -> StoredState:
        """Read the state. An object without its bytes is left out and logged."""
        buckets = {bucket.name: bucket for bucket in self._database.list_buckets()}
        small = self._small.load()
        for row in self._database.list_versions():
            if content := self._refer(row, small):
                buckets[row.bucket].add_stored(decode_version(row, content))
            else:
                self._lost.add((row.bucket, row.name))
                text = "gs://%s/%s is lost: its %d bytes are not on disk"
                logger.error(text, row.bucket, row.name, row.size)
        for state in buckets.values():
            state.names.sort()
        self._files.delete_others()
        return StoredState(tuple(buckets.values()), self._reserved)

    def _refer(self, row: VersionRow, small: Mapping[int, SmallContent]) -> ObjectContent | None:
        """Return the content of a row, with a reference; None if it is lost."""
        if row.file is not None:
            file = self._files.find(row.file, row.size)
            self._files.refer([file] if file else [])
            return file
        content = small.get(row.content or 0)
        if content is None or content.size != row.size:
            return None
        content.references += 1
        return content

    def keep_content(self, data: bytes | ObjectContent) -> ObjectContent:
        """Write the file of new large bytes, or return small ones in memory; share a content."""
        if isinstance(data, FileContent):
            return data
        if isinstance(data, SmallContent) and data.database is self._database:
            return data
        new = data if isinstance(data, bytes) else data.read(0, data.size)
        if len(new) <= MAX_SIZE:
            return self._small.make(new)
        with _explain_failure():
            return self._files.write(new)

    def save_bucket(self, bucket: BucketState) -> None:
        """Write the row of a bucket."""
        with _explain_failure():
            self._database.save_bucket(bucket)

    def delete_bucket(self, bucket: BucketState) -> None:
        """Delete the rows of a bucket, of its objects and of their contents."""
        versions = [version for name in bucket.names for version in bucket.versions(name)]
        with _explain_failure(), self._small.change(versions, ()):
            self._database.delete_bucket(bucket.name)
        self._files.release(_list_files(versions))

    def save_object(self, change: ObjectChange) -> None:
        """Replace the rows of an object."""
        rows = [encode_version(version) for version in change.after]
        is_lost = (change.bucket, change.name) in self._lost
        before = None if is_lost else len(change.before)
        with _explain_failure(), self._small.change(change.before, change.after):
            self._database.replace_versions(change.bucket, change.name, rows, before)
            reserved = self._reserved
            if change.issued > reserved:
                reserved = change.issued + RESERVE
                self._database.save_issued(reserved)
        self._reserved = reserved
        self._files.refer(_list_files(change.after))
        self._files.release(_list_files(change.before))


def _list_files(versions: Iterable[Version]) -> Sequence[FileContent]:
    """Return the content of each version that has a file."""
    return [v.content for v in versions if isinstance(v.content, FileContent)]


@contextmanager
def _explain_failure() -> Iterator[None]:
    """Raise a failure of the disk as the response to the client."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        logger.error("the disk does not keep the change: %s", error)
        raise errors.not_kept(str(error)) from error
