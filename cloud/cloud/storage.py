"""The ``Bucket`` port over google-cloud-storage.

Every write carries a generation precondition, so the library may repeat it safely after a 5xx or
a broken connection; a 429 is handed to the caller, who has newer changes to merge by then.
https://cloud.google.com/storage/docs/retry-strategy
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus

import requests
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Client
from google.cloud.storage import Bucket as VendorBucket
from google.cloud.storage.exceptions import InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from cloud import errors
from cloud.ports import Bucket, Headers, ObjectInfo, StoredObject
from schemas.types import Generation

CHUNK = 4 * 1024 * 1024
"""Bytes a streamed read asks for at a time, and holds in memory."""

_TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and between two bytes."""

_RETRY_FOR = 60.0
"""Seconds within which a request is repeated: well below the ack deadline of 600 s."""

_POOL = 64
"""Connections kept: as many as the worker threads of one process can use."""


def _is_transient(error: Exception) -> bool:
    return _status(error) != HTTPStatus.TOO_MANY_REQUESTS and bool(DEFAULT_RETRY._predicate(error))


def _status(error: Exception) -> int:
    """The status of an answer; uploads and downloads raise another exception than the rest."""
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return int(error.code or 0) if isinstance(error, exceptions.GoogleAPICallError) else 0


_RETRY = Retry(predicate=_is_transient, initial=0.2, maximum=10.0, timeout=_RETRY_FOR)


def connect(project: str) -> Client:
    """Make a client, of ``STORAGE_EMULATOR_HOST`` if that is set."""
    client = Client(project=project)
    # It asks for a bucket's location, for traces that nobody takes: a thread and a billed request
    # of its own after each 404, and every new file begins with one.
    client._bucket_metadata_cache = None
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL))
    return client


class StorageBucket:
    """One Cloud Storage bucket; see :class:`cloud.ports.Bucket` for what it promises."""

    def __init__(self, client: Client, name: str) -> None:
        self._bucket: VendorBucket = client.bucket(name)
        self._client = client

    @property
    def name(self) -> str:
        """The bucket's name."""
        return str(self._bucket.name)

    def stat(self, name: str, generation: Generation | None = None) -> ObjectInfo | None:
        """Ask for an object's resource."""
        blob = self._bucket.blob(name, generation=generation)
        try:
            with self._ours(name):
                blob.reload(timeout=_TIMEOUT, retry=_RETRY)
        except errors.NotFound:
            return None
        return _info(blob)

    def read(self, name: str) -> StoredObject | None:
        """Download an object; the response's headers name its generation."""
        blob = self._bucket.blob(name)
        try:
            with self._ours(name):
                data = blob.download_as_bytes(raw_download=True, timeout=_TIMEOUT, retry=_RETRY)
        except errors.NotFound:
            return None
        return StoredObject(generation=int(blob.generation), data=data)

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Download range after range; a range that breaks is asked for again."""
        stop = info.size if end is None else min(end, info.size)
        blob = self._bucket.blob(info.name, generation=info.generation)
        for first in range(start, stop, CHUNK):
            with self._ours(info.name):
                yield blob.download_as_bytes(
                    start=first,
                    end=min(first + CHUNK, stop) - 1,
                    raw_download=True,
                    checksum=None,
                    timeout=_TIMEOUT,
                    retry=_RETRY,
                )

    def write(
        self, name: str, data: bytes, headers: Headers, *, if_generation: Generation
    ) -> ObjectInfo:
        """Upload an object whole, under its precondition."""
        blob = self._described(name, headers)
        with self._creating(name, if_generation), self._ours(name):
            blob.upload_from_string(
                data,
                content_type=headers.content_type,
                if_generation_match=if_generation,
                timeout=_TIMEOUT,
                retry=_RETRY,
                checksum="crc32c",
            )
        return _info(blob)

    def rewrite(self, source: Bucket, info: ObjectInfo, name: str, headers: Headers) -> ObjectInfo:
        """Copy on the server, in as many calls as it takes."""
        origin = self._client.bucket(source.name).blob(info.name, generation=info.generation)
        blob, token, done = self._described(name, headers), None, False
        blob.content_type = headers.content_type
        while not done:
            with self._creating(name, 0), self._ours(name):
                token, _, _ = blob.rewrite(
                    origin,
                    token=token,
                    if_generation_match=0,
                    if_source_generation_match=info.generation,
                    timeout=_TIMEOUT,
                    retry=_RETRY,
                )
            done = token is None
        return _info(blob)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List page after page, asking only for what ``ObjectInfo`` holds."""
        fields = "name,generation,size,timeCreated,contentType,contentEncoding,metadata"
        with self._ours(prefix):
            for blob in self._client.list_blobs(
                self._bucket,
                prefix=prefix,
                fields=f"items({fields}),nextPageToken",
                timeout=_TIMEOUT,
                retry=_RETRY,
            ):
                yield _info(blob)

    def _described(self, name: str, headers: Headers) -> Blob:
        blob = self._bucket.blob(name)
        blob.cache_control = headers.cache_control
        blob.metadata = dict(headers.metadata)
        return blob

    @contextmanager
    def _creating(self, name: str, if_generation: Generation) -> Iterator[None]:
        """Take a 403 for the 412 it stands for, when a name that must be free is taken.

        An identity that may create but not delete is what guards the packages and the verdicts.
        To replace an object takes the permission to delete it, and which of the two is checked
        first is not documented: https://cloud.google.com/storage/docs/access-control/iam-json
        """
        try:
            yield
        except errors.PermissionDenied as error:
            if if_generation == 0 and self.stat(name) is not None:
                raise errors.PreconditionFailed(error.subject, error.detail) from error
            raise

    @contextmanager
    def _ours(self, name: str) -> Iterator[None]:
        """Raise the library's exceptions as ours."""
        subject = f"gs://{self.name}/{name}"
        try:
            yield
        except exceptions.GoogleAPICallError as error:
            raise _translated(_status(error), subject, error.message) from error
        except InvalidResponse as error:
            raise _translated(_status(error), subject, str(error)) from error
        except (exceptions.RetryError, requests.RequestException, GoogleAuthError) as error:
            raise errors.Unavailable(subject, str(error)) from error


_BY_STATUS: Mapping[int, type[errors.CloudError]] = {
    **errors.BY_STATUS,
    412: errors.PreconditionFailed,
    429: errors.TooManyRequests,
}


def _translated(status: int, subject: str, detail: str) -> errors.CloudError:
    return _BY_STATUS.get(status, errors.Unavailable)(subject, detail)


def _info(blob: Blob) -> ObjectInfo:
    return ObjectInfo(
        name=blob.name,
        generation=int(blob.generation),
        size=int(blob.size),
        created=blob.time_created or datetime.fromtimestamp(0, UTC),
        content_type=blob.content_type or "",
        content_encoding=blob.content_encoding or "",
        metadata=dict(blob.metadata or {}),
    )
