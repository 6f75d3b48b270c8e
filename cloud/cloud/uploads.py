"""Uploads of local files as new objects.

A file of at most 8 MiB is one request. A larger one is a resumable upload by google-cloud-storage:
it is sent in chunks, and a broken connection repeats one chunk. Cloud Storage verifies the CRC32C
of both.
https://cloud.google.com/storage/docs/resumable-uploads
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from cloud import errors
from cloud.json_requests.authorized_session import ERRORS
from cloud.json_requests.object_resource import ObjectResource, parse_info
from cloud.ports import Headers, ObjectInfo
from cloud.storage import DirectClient, StorageBucket

SINGLE_REQUEST = 8 * 1024 * 1024
"""Largest file of an upload in one request, in bytes. It is in memory."""

CHUNK = 4 * 1024 * 1024
"""Bytes of one request of a resumable upload. They are in memory at a time."""

_TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and seconds between two bytes."""

_RETRY = DEFAULT_RETRY.with_timeout(60.0)


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


class UploadBucket(StorageBucket):
    """Cloud Storage bucket for the uploads of a client that may only create objects."""

    def __init__(self, client: DirectClient, name: str) -> None:
        super().__init__(client, name)
        self._objects = client.bucket(name)

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
        blob = self._objects.blob(name)
        blob.cache_control, blob.metadata = headers.cache_control, dict(headers.metadata)
        with _translate_errors(f"gs://{self.name}/{name}"):
            # The public methods of the library have neither progress nor cancellation.
            session, transport = blob._initiate_resumable_upload(
                None,
                source,
                headers.content_type,
                size,
                if_generation_match=0,
                chunk_size=CHUNK,
                timeout=_TIMEOUT,
                checksum="crc32c",
                retry=_RETRY,
            )
            while not session.finished:
                if hooks.is_cancelled():
                    _cancel(transport, session.resumable_url)
                    raise UploadCancelled(name)
                if session.invalid:  # it is, after a retry, until its state is known
                    session.recover(transport)
                source.seek(session.bytes_uploaded)  # it can be less than was sent
                response = session.transmit_next_chunk(transport, timeout=_TIMEOUT)
                hooks.report(session.bytes_uploaded)
        resource: ObjectResource = response.json()
        return parse_info(resource)


def _cancel(transport: requests.Session, url: str) -> None:
    """Cancel a session. Cloud Storage answers 499; a session that remains ends after a week."""
    with suppress(requests.RequestException):
        transport.request("DELETE", url, headers={"Content-Length": "0"}, timeout=_TIMEOUT)


_ERRORS: Mapping[int, type[errors.CloudError]] = {**ERRORS, 404: errors.MissingBucket}


@contextmanager
def _translate_errors(subject: str) -> Iterator[None]:
    """Raise the exceptions of an upload as ``CloudError``."""
    try:
        yield
    except InvalidResponse as error:
        raise _choose_error(subject, error.response.status_code, error) from error
    except exceptions.GoogleAPICallError as error:
        raise _choose_error(subject, int(error.code or 0), error) from error
    except RefreshError as error:
        raise errors.MissingCredentials(subject, str(error)) from error
    except (
        DataCorruption,
        exceptions.RetryError,
        requests.RequestException,
        GoogleAuthError,
    ) as error:
        raise errors.Unavailable(subject, str(error)) from error


def _choose_error(subject: str, status: int, error: Exception) -> errors.CloudError:
    detail = str(getattr(error, "message", error))
    return errors.choose_error(status, detail, _ERRORS)(subject, detail)
