"""The ``Reader`` port over aiohttp, with one small buffer between the socket and the caller.

Each operation is one request to one endpoint. The header fields of its response contain generation,
size and digest: https://cloud.google.com/storage/docs/json_api/v1/objects/get (``alt=media``).
The reasons are in ADR 5.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from cloud import errors
from cloud.download import BACKOFFS, DownloadResponse, StorageDownload
from cloud.identity import Identity
from cloud.ports import StoredObject
from cloud.retry import AsyncRetry, RetryableError
from schemas.types import Generation

T = TypeVar("T")

Parse = Callable[[aiohttp.ClientResponse], Awaitable[T]]
"""Returns the result of a response."""

ORIGIN = "https://storage.googleapis.com"

_BUFFER = 16 * 1024
"""Buffered bytes above which aiohttp stops reading a connection. One more read of at most 256 KiB
can follow."""

_TRANSIENT = {408, 429, 500, 502, 503, 504}
"""https://cloud.google.com/storage/docs/retry-strategy"""
_ANSWERS = {200, 206, 304, 416}
_RAW = {"accept-encoding": "gzip"}
"""Field for the bytes as stored: Cloud Storage does not decompress a stored gzip."""


class StorageSession:
    """Session with Cloud Storage. Its buckets share connections and limits.

    :param origin: scheme and host; HTTP without a scheme, which emulators omit.
    :param identity: the identity for the requests; None: no credentials, for emulators.
    :param concurrency: the number of requests that can wait for a response at the same time. A
        started body does not count, because its duration depends on the client.
    :param timeout: seconds to wait for a response, including retries and the time in the queue;
        and seconds of the longest pause in a body.
    """

    def __init__(
        self, origin: str, identity: Identity | None, *, concurrency: int, timeout: float
    ) -> None:
        self._origin = (origin if "://" in origin else f"http://{origin}").rstrip("/")
        self._identity, self.timeout = identity, timeout
        self._places = asyncio.Semaphore(concurrency)

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        """The aiohttp session. It belongs to the running loop, so the first request creates it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=_BUFFER,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def get(self, subject: str, path: str, fields: Mapping[str, str], parse: Parse[T]) -> T:
        """Request ``path`` and return the parsed response; retry after a transient error.

        :raises CloudError: if the request is refused, or there is no response in time.
        """
        retry = AsyncRetry(BACKOFFS, self.timeout)
        return await retry(subject, partial(self._attempt, subject, path, fields, parse))

    async def _attempt(
        self, subject: str, path: str, fields: Mapping[str, str], parse: Parse[T]
    ) -> T:
        authorization = await self._identity.get_headers() if self._identity else {}
        url = URL(self._origin + path, encoded=True)
        async with self._places:
            response = await self._session.get(
                url, headers={**_RAW, **fields, **authorization}, allow_redirects=False
            )
            try:
                await _raise_for_status(response, subject)
                return await parse(response)
            except BaseException:
                response.close()
                raise


class StorageReader:
    """One Cloud Storage bucket. It implements :class:`cloud.ports.Reader`."""

    def __init__(self, session: StorageSession, name: str) -> None:
        self._session, self._name = session, name

    async def read(self, name: str) -> StoredObject:
        """Download a whole object."""
        return await self._session.get(
            self._create_subject(name), self._create_path(name), {}, _parse_object
        )

    async def read_if_changed(self, name: str, since: Generation) -> StoredObject | None:
        """Download a whole object with a precondition on its generation."""
        path = self._create_path(name, f"&ifGenerationNotMatch={since}")
        return await self._session.get(self._create_subject(name), path, {}, _parse_if_modified)

    async def open(self, name: str, *, start: int = 0, stop: int | None = None) -> StorageDownload:
        """Start the download of an object."""

        async def resume(broken: DownloadResponse, position: int) -> DownloadResponse:
            return await self._open(name, broken.generation, position, broken.stop)

        opened = await self._open(name, None, start, stop)
        return StorageDownload(self._create_subject(name), opened, resume, self._session.timeout)

    async def _open(
        self, name: str, generation: Generation | None, start: int, stop: int | None
    ) -> DownloadResponse:
        subject = self._create_subject(name)
        path = self._create_path(name, "" if generation is None else f"&generation={generation}")
        opened = await self._session.get(
            subject, path, _create_range_field(start, stop), DownloadResponse.from_response
        )
        if opened is not None:
            return opened
        return await self._session.get(subject, path, {}, _parse_whole)

    def _create_path(self, name: str, parameter: str = "") -> str:
        return f"/storage/v1/b/{self._name}/o/{quote(name, safe='')}?alt=media{parameter}"

    def _create_subject(self, name: str) -> str:
        return f"gs://{self._name}/{name}"


def _create_range_field(start: int, stop: int | None) -> Mapping[str, str]:
    """Return the ``Range`` field of a part; no field for the whole (RFC 9110 §14.1.2)."""
    if start == 0 and stop is None:
        return {}
    if start < 0:
        return {"range": f"bytes={start}"}
    return {"range": f"bytes={start}-{'' if stop is None else stop - 1}"}


async def _parse_whole(response: aiohttp.ClientResponse) -> DownloadResponse:
    opened = await DownloadResponse.from_response(response)
    if opened is None:
        raise RetryableError("416 to a request without a range")
    return opened


async def _parse_if_modified(response: aiohttp.ClientResponse) -> StoredObject | None:
    return None if response.status == HTTPStatus.NOT_MODIFIED else await _parse_object(response)


async def _parse_object(response: aiohttp.ClientResponse) -> StoredObject:
    if response.status != HTTPStatus.OK:
        raise RetryableError(f"{response.status} to a request without a range")
    generation = int(response.headers.get("x-goog-generation", 0))
    return StoredObject(generation, await response.read())


async def _raise_for_status(response: aiohttp.ClientResponse, subject: str) -> None:
    """Raise the error of a status code, unless the request succeeded."""
    if response.status in _ANSWERS:
        return
    message = (await response.read())[:300].decode("utf-8", "replace")
    detail = f"{response.status} {message}".strip()
    if response.status in _TRANSIENT:
        raise RetryableError(detail)
    raise errors.choose_error(response.status, message)(subject, detail)
