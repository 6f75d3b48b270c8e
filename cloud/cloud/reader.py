"""The ``Reader`` port over aiohttp: nothing between the socket and the caller but a small buffer.

Everything is one request to one endpoint, which tells generation, size and digest beside the bytes:
https://cloud.google.com/storage/docs/json_api/v1/objects/get (``alt=media``). Why so: ADR 5.
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
from cloud.download import BACKOFFS, Opened, StorageDownload
from cloud.identity import Identity
from cloud.ports import StoredObject
from cloud.retry import AsyncRetry, RetryableError
from schemas.types import Generation

T = TypeVar("T")

Take = Callable[[aiohttp.ClientResponse], Awaitable[T]]
"""Takes from an answer what is wanted of it."""

ORIGIN = "https://storage.googleapis.com"

_BUFFER = 16 * 1024
"""Bytes in hand from which on no more is taken off a connection; one more gulp may be on its way,
which is at most 256 KiB."""

_TRANSIENT = {408, 429, 500, 502, 503, 504}
"""https://cloud.google.com/storage/docs/retry-strategy"""
_ANSWERS = {200, 206, 304, 416}
_NO_BUCKET = "bucket does not exist"
"""What Cloud Storage says then, with a 404 as well: nobody knows what the object is."""
_RAW = {"accept-encoding": "gzip"}
"""As stored: where a gzip is stored, it is not undone on the way."""


class Storage:
    """Cloud Storage, asked for bytes; its buckets share connections and limits.

    :param origin: scheme and host; without a scheme, as emulators are named, it is HTTP.
    :param identity: who asks; None: nobody, as emulators have it.
    :param concurrency: requests that may await their answer at a time. A body on its way to a
        client does not count, as it takes as long as the client likes.
    :param timeout: seconds within which there is an answer, repetitions and the time in the queue
        included; and within which a body goes on.
    """

    def __init__(
        self, origin: str, identity: Identity | None, *, concurrency: int, timeout: float
    ) -> None:
        self._origin = (origin if "://" in origin else f"http://{origin}").rstrip("/")
        self._identity, self.timeout = identity, timeout
        self._places = asyncio.Semaphore(concurrency)

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        """Made when it is first needed, as it belongs to the loop that runs then."""
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

    async def ask(self, subject: str, path: str, fields: Mapping[str, str], take: Take[T]) -> T:
        """GET ``path`` and ``take`` from the answer; ask again after what may pass.

        :raises CloudError: if it was refused, or there was no answer in time.
        """
        retry = AsyncRetry(BACKOFFS, self.timeout)
        return await retry(subject, partial(self._attempt, subject, path, fields, take))

    async def _attempt(
        self, subject: str, path: str, fields: Mapping[str, str], take: Take[T]
    ) -> T:
        who = await self._identity.fields() if self._identity else {}
        url = URL(self._origin + path, encoded=True)
        async with self._places:
            response = await self._session.get(
                url, headers={**_RAW, **fields, **who}, allow_redirects=False
            )
            try:
                await _refuse(response, subject)
                return await take(response)
            except BaseException:
                response.close()
                raise


class StorageReader:
    """One Cloud Storage bucket; see :class:`cloud.ports.Reader` for what it promises."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self._name = storage, name

    async def read(self, name: str) -> StoredObject:
        """Download an object whole."""
        return await self._storage.ask(self._subject(name), self._path(name), {}, _stored)

    async def changed(self, name: str, since: Generation) -> StoredObject | None:
        """Download an object whole, on condition."""
        path = self._path(name, f"&ifGenerationNotMatch={since}")
        return await self._storage.ask(self._subject(name), path, {}, _changed)

    async def open(self, name: str, *, start: int = 0, stop: int | None = None) -> StorageDownload:
        """Begin to download an object."""

        async def resume(broken: Opened, position: int) -> Opened:
            return await self._open(name, broken.generation, position, broken.stop)

        opened = await self._open(name, None, start, stop)
        return StorageDownload(self._subject(name), opened, resume, self._storage.timeout)

    async def _open(
        self, name: str, generation: Generation | None, start: int, stop: int | None
    ) -> Opened:
        subject = self._subject(name)
        path = self._path(name, "" if generation is None else f"&generation={generation}")
        opened = await self._storage.ask(subject, path, _part(start, stop), Opened.from_response)
        if opened is not None:
            return opened
        return await self._storage.ask(subject, path, {}, _whole)

    def _path(self, name: str, parameter: str = "") -> str:
        return f"/storage/v1/b/{self._name}/o/{quote(name, safe='')}?alt=media{parameter}"

    def _subject(self, name: str) -> str:
        return f"gs://{self._name}/{name}"


def _part(start: int, stop: int | None) -> Mapping[str, str]:
    """The ``Range`` field of a part; none for the whole (RFC 9110 §14.1.2)."""
    if start == 0 and stop is None:
        return {}
    if start < 0:
        return {"range": f"bytes={start}"}
    return {"range": f"bytes={start}-{'' if stop is None else stop - 1}"}


async def _whole(response: aiohttp.ClientResponse) -> Opened:
    opened = await Opened.from_response(response)
    if opened is None:
        raise RetryableError("416 to a request for the whole")
    return opened


async def _changed(response: aiohttp.ClientResponse) -> StoredObject | None:
    return None if response.status == HTTPStatus.NOT_MODIFIED else await _stored(response)


async def _stored(response: aiohttp.ClientResponse) -> StoredObject:
    if response.status != HTTPStatus.OK:
        raise RetryableError(f"{response.status} to a plain request")
    generation = int(response.headers.get("x-goog-generation", 0))
    return StoredObject(generation, await response.read())


async def _refuse(response: aiohttp.ClientResponse, subject: str) -> None:
    """Raise what a status means, unless it is an answer."""
    if response.status in _ANSWERS:
        return
    words = (await response.read())[:300].decode("utf-8", "replace")
    detail = f"{response.status} {words}".strip()
    if response.status in _TRANSIENT:
        raise RetryableError(detail)
    kind = errors.BY_STATUS.get(response.status, errors.Unavailable)
    raise (errors.Unavailable if _NO_BUCKET in words else kind)(subject, detail)
