"""Download of one generation of an object over HTTP."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import aiohttp

from cloud.errors import Unavailable
from cloud.retry import AsyncRetry, Backoff, Backoffs, RetryableError
from schemas.types import Generation

_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)", re.ASCII)
_MD5 = re.compile(r"(?:^|,) *md5=([A-Za-z0-9+/]{22}==)", re.ASCII)

_BACKOFF = Backoff(first=0.1, longest=3.2, jitter=(0.5, 1.0))
BACKOFFS: Backoffs = {RetryableError: _BACKOFF, aiohttp.ClientError: _BACKOFF, OSError: _BACKOFF}
"""Retryable errors of a read, including a broken connection, each with its pauses."""


@dataclass(frozen=True, slots=True)
class DownloadResponse:
    """Response of Cloud Storage after its header fields, before its body.

    Header fields: https://cloud.google.com/storage/docs/xml-api/reference-headers
    """

    response: aiohttp.ClientResponse
    generation: Generation
    size: int
    start: int
    stop: int

    @classmethod
    async def from_response(cls, response: aiohttp.ClientResponse) -> Self | None:
        """Parse the header fields; return None if there is no such part (416)."""
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            response.release()
            return None
        fields = response.headers
        match = _CONTENT_RANGE.fullmatch(fields.get("content-range", ""))
        first, last, total = map(int, match.groups()) if match else (0, -1, 0)
        stored = int(fields.get("x-goog-stored-content-length", response.content_length or 0))
        size = total if match else stored
        generation = int(fields.get("x-goog-generation", 0))
        return cls(response, generation, size, first, last + 1 if match else size)

    @property
    def md5(self) -> str:
        """The digest of the whole object in hexadecimal; empty if Cloud Storage has none."""
        match = _MD5.search(self.response.headers.get("x-goog-hash", ""))
        return base64.b64decode(match[1]).hex() if match else ""

    def is_continuation_of(self, other: "DownloadResponse", position: int) -> bool:
        """Return whether the body is the rest of the body of ``other`` from ``position`` on."""
        mine = (self.generation, self.size, self.start, self.stop)
        return mine == (other.generation, other.size, position, other.stop)


class StorageDownload:
    """Download by aiohttp. It implements :class:`cloud.ports.Download`.

    :param resume: opens the rest of a download from a position on.
    :param timeout: seconds of the longest pause between two reads of the body.
    """

    def __init__(
        self,
        subject: str,
        opened: DownloadResponse,
        resume: Callable[[DownloadResponse, int], Awaitable[DownloadResponse]],
        timeout: float,
    ) -> None:
        self._subject, self._opened, self._resume = subject, opened, resume
        self._timeout, self._retry = timeout, AsyncRetry(BACKOFFS, timeout)
        self._position = opened.start
        self.generation, self.size = opened.generation, opened.size
        self.start, self.stop = opened.start, opened.stop
        self.md5 = opened.md5

    def __aiter__(self) -> Self:
        """Return the iterator. It can be used once."""
        return self

    async def __anext__(self) -> bytes:
        """Return the bytes that have arrived since the last call.

        :raises CloudError: if the rest of the part cannot be read.
        """
        if self._position == self.stop:
            raise StopAsyncIteration
        chunk = await self._read_chunk() or await self._retry(self._subject, self._resume_reading)
        self._position += len(chunk)
        if self._position > self.stop:
            raise Unavailable(self._subject, f"more than {self.stop - self.start} bytes arrived")
        return chunk

    async def aclose(self) -> None:
        """Close the connection, unless the body is complete and the connection is in the pool."""
        self._opened.response.close()

    async def _read_chunk(self) -> bytes:
        """Wait for the next bytes; return none if the connection breaks or stalls.

        The timer is our own. aiohttp's ``sock_read`` timer continues after the connection is back
        in the pool, and breaks it for the next request.
        """
        response = self._opened.response
        stalled = asyncio.get_running_loop().call_later(self._timeout, _abort, response)
        try:
            return await response.content.readany()
        except (aiohttp.ClientError, OSError):
            return b""
        finally:
            stalled.cancel()

    async def _resume_reading(self) -> bytes:
        """Open the rest and return its first bytes.

        :raises Unavailable: if the rest is not of the same part of the same generation.
        :raises RetryableError: if the connection breaks before the first bytes.
        """
        await self.aclose()
        opened = await self._resume(self._opened, self._position)
        if not opened.is_continuation_of(self._opened, self._position):
            opened.response.close()
            raise Unavailable(self._subject, "the resumed download does not fit the first")
        self._opened = opened
        chunk = await self._read_chunk()
        if not chunk:
            raise RetryableError("the body broke off")
        return chunk


def _abort(response: aiohttp.ClientResponse) -> None:
    """Abort the connection, so that the read ends as on a broken connection.

    ``ClientResponse.close`` would raise one shared exception in all reads. That exception keeps
    their objects alive. Between two pieces of a chunked body it is also no error of aiohttp.
    """
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
