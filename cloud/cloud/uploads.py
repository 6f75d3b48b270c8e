"""Uploads of local files as new objects.

A file of at most 8 MiB is one request. A larger one is a resumable upload: it is sent in chunks,
and a broken connection repeats one chunk. Cloud Storage verifies the CRC32C of both.
https://cloud.google.com/storage/docs/resumable-uploads
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from cloud import errors
from cloud.json_requests.resumable import ResumableBucket
from cloud.ports import Headers, ObjectInfo

SINGLE_REQUEST = 8 * 1024 * 1024
"""Largest file of an upload in one request, in bytes. It is in memory."""

CHUNK = 4 * 1024 * 1024
"""Bytes of one request of a resumable upload, a multiple of 256 KiB. They are in memory."""


class UploadCancelled(Exception):
    """Upload that its caller cancelled. No object exists."""


def _ignore(sent: int) -> None:
    """Report no progress."""


def _continue() -> bool:
    """Return False: the upload is not cancelled."""
    return False


@dataclass(frozen=True, slots=True)
class TransferHooks:
    """Hooks of an upload, called by its thread."""

    report: Callable[[int], None] = _ignore
    """Takes the bytes that Cloud Storage has of the file."""
    is_cancelled: Callable[[], bool] = _continue
    """Returns True to cancel the upload before its next request."""


class UploadBucket(ResumableBucket):
    """Cloud Storage bucket for the uploads of a client that may only create objects."""

    def upload(
        self,
        name: str,
        source: BinaryIO,
        size: int,
        headers: Headers,
        hooks: TransferHooks | None = None,
    ) -> ObjectInfo:
        """Create an object from a file at its first byte.

        After a retry with a lost response the object exists. It is recognised by its size and its
        custom metadata, which should have a digest.

        :param size: bytes of the file.
        :raises PreconditionFailed: if another object has the name, or if the caller may not read
            the object with the name.
        :raises UploadCancelled: if ``hooks`` cancelled the upload.
        """
        hooks = hooks or TransferHooks()
        if hooks.is_cancelled():
            raise UploadCancelled(name)
        try:
            if size > SINGLE_REQUEST:
                return self._upload_chunks(name, source, size, headers, hooks)
            info = self.write(name, source.read(size), headers, if_generation=0)
        except errors.PreconditionFailed:
            if found := self._find_own(name, size, headers):
                return found
            raise
        hooks.report(size)
        return info

    def _find_own(self, name: str, size: int, headers: Headers) -> ObjectInfo | None:
        try:
            found = self.stat(name)
        except errors.PermissionDenied:
            return None
        is_own = found and (found.size, found.metadata) == (size, dict(headers.metadata))
        return found if is_own else None

    def _upload_chunks(
        self, name: str, source: BinaryIO, size: int, headers: Headers, hooks: TransferHooks
    ) -> ObjectInfo:
        session = self.start_upload(name, headers)
        for end in range(CHUNK, size, CHUNK):
            if hooks.is_cancelled():
                session.cancel()
                raise UploadCancelled(name)
            session.send(source.read(CHUNK))
            hooks.report(end)
        if hooks.is_cancelled():
            session.cancel()
            raise UploadCancelled(name)
        info = session.finish(source.read(CHUNK))
        hooks.report(size)
        return info
