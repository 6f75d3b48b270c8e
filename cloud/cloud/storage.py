"""The ``Bucket`` port over google-cloud-storage.

Every write has a generation precondition, so the library can safely retry it after a 5xx or a
broken connection. A 429 is raised, because the caller then has newer changes to merge.
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
"""Bytes of one request of a stream. They are in memory at a time."""

_TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and seconds between two bytes."""

_RETRY_FOR = 60.0
"""Seconds of all retries of a request: well below the ack deadline of 600 s."""

_POOL = 64
"""Connections in the pool: one for each worker thread of a process."""


def _is_transient(error: Exception) -> bool:
    return _get_status(error) != HTTPStatus.TOO_MANY_REQUESTS and bool(
        DEFAULT_RETRY._predicate(error)
    )


def _get_status(error: Exception) -> int:
    """Return the status code of an error; 0 without a response.

    Uploads and downloads raise another exception than the other methods.
    """
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return int(error.code or 0) if isinstance(error, exceptions.GoogleAPICallError) else 0


_RETRY = Retry(predicate=_is_transient, initial=0.2, maximum=10.0, timeout=_RETRY_FOR)


def connect(project: str) -> Client:
    """Create a client of ``STORAGE_EMULATOR_HOST``, or of Cloud Storage if that is unset.

    :raises Unavailable: if there are no credentials.
    """
    try:
        client = Client(project=project)
    except GoogleAuthError as error:
        raise errors.Unavailable("Cloud Storage", str(error)) from error
    # The library requests the location of a bucket for traces, which are off here. That would take
    # a thread and a billed request after each 404, and every new file begins with a 404.
    client._bucket_metadata_cache = None
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL))
    return client


class StorageBucket:
    """One Cloud Storage bucket. It implements :class:`cloud.ports.Bucket`."""

    def __init__(self, client: Client, name: str) -> None:
        self._bucket: VendorBucket = client.bucket(name)
        self._client = client

    @property
    def name(self) -> str:
        """The bucket's name."""
        return str(self._bucket.name)

    def stat(self, name: str, generation: Generation | None = None) -> ObjectInfo | None:
        """Request the metadata of an object."""
        blob = self._bucket.blob(name, generation=generation)
        try:
            with self._translate_errors(name):
                blob.reload(timeout=_TIMEOUT, retry=_RETRY)
        except errors.NotFound:
            return None
        return _create_info(blob)

    def read(self, name: str) -> StoredObject | None:
        """Download an object. The response contains its generation."""
        blob = self._bucket.blob(name)
        try:
            with self._translate_errors(name):
                data = blob.download_as_bytes(raw_download=True, timeout=_TIMEOUT, retry=_RETRY)
        except errors.NotFound:
            return None
        return StoredObject(generation=int(blob.generation), data=data)

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Download range after range. A broken range is requested again."""
        stop = info.size if end is None else min(end, info.size)
        blob = self._bucket.blob(info.name, generation=info.generation)
        for first in range(start, stop, CHUNK):
            with self._translate_errors(info.name):
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
        """Upload a whole object with its precondition. It needs no object, so 404 is the bucket."""
        blob = self._create_blob(name, headers)
        with (
            self._detect_taken_name(name, if_generation),
            self._translate_errors(name, absent=errors.MissingBucket),
        ):
            blob.upload_from_string(
                data,
                content_type=headers.content_type,
                if_generation_match=if_generation,
                timeout=_TIMEOUT,
                retry=_RETRY,
                checksum="crc32c",
            )
        return _create_info(blob)

    def rewrite(self, source: Bucket, info: ObjectInfo, name: str, headers: Headers) -> ObjectInfo:
        """Copy on the server, in one or more calls."""
        origin = self._client.bucket(source.name).blob(info.name, generation=info.generation)
        blob, token, done = self._create_blob(name, headers), None, False
        blob.content_type = headers.content_type
        while not done:
            try:
                with self._detect_taken_name(name, 0), self._translate_errors(name):
                    token, _, _ = blob.rewrite(
                        origin,
                        token=token,
                        if_generation_match=0,
                        if_source_generation_match=info.generation,
                        timeout=_TIMEOUT,
                        retry=_RETRY,
                    )
            except errors.NotFound as error:
                if source.stat(info.name, info.generation) is None:
                    raise
                raise errors.MissingBucket(error.subject, error.detail) from error
            done = token is None
        return _create_info(blob)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List page after page, with the fields of ``ObjectInfo`` only."""
        fields = "name,generation,size,timeCreated,contentType,contentEncoding,metadata"
        with self._translate_errors(prefix, absent=errors.MissingBucket):
            for blob in self._client.list_blobs(
                self._bucket,
                prefix=prefix,
                fields=f"items({fields}),nextPageToken",
                timeout=_TIMEOUT,
                retry=_RETRY,
            ):
                yield _create_info(blob)

    def _create_blob(self, name: str, headers: Headers) -> Blob:
        blob = self._bucket.blob(name)
        blob.cache_control = headers.cache_control
        blob.metadata = dict(headers.metadata)
        return blob

    @contextmanager
    def _detect_taken_name(self, name: str, if_generation: Generation) -> Iterator[None]:
        """Raise ``PreconditionFailed`` for a 403 if the name must be absent and exists.

        The service accounts can create but not delete, which protects the packages and the
        verdicts. Replacing an object needs the permission to delete it. Google does not document
        the order of the checks of permission and precondition:
        https://cloud.google.com/storage/docs/access-control/iam-json
        """
        try:
            yield
        except errors.PermissionDenied as error:
            if if_generation == 0 and self.stat(name) is not None:
                raise errors.PreconditionFailed(error.subject, error.detail) from error
            raise

    @contextmanager
    def _translate_errors(
        self, name: str, absent: type[errors.CloudError] = errors.NotFound
    ) -> Iterator[None]:
        """Raise exceptions of the library as ``CloudError``; ``absent`` is the one for 404."""
        subject = f"gs://{self.name}/{name}"
        try:
            yield
        except (exceptions.GoogleAPICallError, InvalidResponse) as error:
            detail = str(getattr(error, "message", error))
            kind = errors.choose_error(_get_status(error), detail, {**_ERRORS, 404: absent})
            raise kind(subject, detail) from error
        except (exceptions.RetryError, requests.RequestException, GoogleAuthError) as error:
            raise errors.Unavailable(subject, str(error)) from error


_ERRORS: Mapping[int, type[errors.CloudError]] = {
    **errors.BY_STATUS,
    412: errors.PreconditionFailed,
    429: errors.TooManyRequests,
}


def _create_info(blob: Blob) -> ObjectInfo:
    return ObjectInfo(
        name=blob.name,
        generation=int(blob.generation),
        size=int(blob.size),
        created=blob.time_created or datetime.fromtimestamp(0, UTC),
        content_type=blob.content_type or "",
        content_encoding=blob.content_encoding or "",
        metadata=dict(blob.metadata or {}),
    )
