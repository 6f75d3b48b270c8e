"""Backend that keeps the state in a folder."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.stand_ins.storage import errors
from local.stand_ins.storage.backends import ObjectChange, StoredState
from local.stand_ins.storage.buckets import BucketState
from local.stand_ins.storage.contents import ObjectContent
from local.stand_ins.storage.disk.content_files import ContentFiles, FileContent
from local.stand_ins.storage.disk.database import Database, decode_version, encode_version
from local.stand_ins.storage.objects import Version

logger = logging.getLogger(__name__)


class DiskBackend:
    """Backend in a folder. It implements :class:`local.stand_ins.storage.backends.Backend`.

    The file with the bytes is written before the row of its version, so a killed process loses
    nothing that it had confirmed.

    :param folder: the folder; it is created if it is missing.
    :raises LocalError: if another process uses the folder, or a newer release has written it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = Database(folder / "objects.sqlite3")
        self._files = ContentFiles(folder / "contents")

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def load(self) -> StoredState:
        """Read the state. An object without its bytes is left out and logged."""
        buckets = {bucket.name: bucket for bucket in self._database.list_buckets()}
        for row in self._database.list_versions():
            bucket, name, file, size = row[0], row[1], row[3], row[4]
            if content := self._files.find(file, size):
                self._files.refer([content])
                buckets[bucket].add_stored(decode_version(row, content))
            else:
                logger.error("gs://%s/%s is lost: its %d bytes are not on disk", bucket, name, size)
        for state in buckets.values():
            state.names.sort()
        self._files.delete_others()
        return StoredState(tuple(buckets.values()), self._database.read_issued())

    def keep_content(self, data: bytes | ObjectContent) -> ObjectContent:
        """Write new bytes; a content of a file is shared."""
        if isinstance(data, FileContent):
            return data
        with _explain_failure():
            return self._files.write(data if isinstance(data, bytes) else data.read(0, data.size))

    def save_bucket(self, bucket: BucketState) -> None:
        """Write the row of a bucket."""
        with _explain_failure():
            self._database.save_bucket(bucket)

    def delete_bucket(self, bucket: BucketState) -> None:
        """Delete the rows of a bucket and of its objects."""
        with _explain_failure():
            self._database.delete_bucket(bucket.name)
        for name in bucket.names:
            self._files.release(content for _, content in _pair(bucket.versions(name)))

    def save_object(self, change: ObjectChange) -> None:
        """Replace the rows of an object."""
        after = _pair(change.after)
        rows = [encode_version(version, content) for version, content in after]
        with _explain_failure():
            self._database.replace_versions(change.bucket, change.name, rows, change.issued)
        self._files.refer(content for _, content in after)
        self._files.release(content for _, content in _pair(change.before))


def _pair(versions: Iterable[Version]) -> Sequence[tuple[Version, FileContent]]:
    """Return each version with its file."""
    return [(v, v.content) for v in versions if isinstance(v.content, FileContent)]


@contextmanager
def _explain_failure() -> Iterator[None]:
    """Raise a failure of the disk as the response to the client."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        logger.error("the disk does not keep the change: %s", error)
        raise errors.not_kept(str(error)) from error
