"""The bytes of one generation of an object, as they come over HTTP."""

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
"""The errors after which a read is repeated, a broken connection among them, and the pauses."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer whose header fields have come and whose body has not.

    The fields: https://cloud.google.com/storage/docs/xml-api/reference-headers
    """

    response: aiohttp.ClientResponse
    generation: Generation
    size: int
    start: int
    stop: int

    @classmethod
    async def from_response(cls, response: aiohttp.ClientResponse) -> Self | None:
        """Read the fields; None if there is no such part (416)."""
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

    def md5(self) -> str:
        """The digest in hexadecimal, if Cloud Storage has one."""
        match = _MD5.search(self.response.headers.get("x-goog-hash", ""))
        return base64.b64decode(match[1]).hex() if match else ""

    def continues(self, other: "Opened", position: int) -> bool:
        """Whether the bytes that come are those of ``other`` from ``position`` on."""
        mine = (self.generation, self.size, self.start, self.stop)
        return mine == (other.generation, other.size, position, other.stop)


class StorageDownload:
    """See :class:`cloud.ports.Download` for what it promises.

    :param resume: opens the rest from a position on.
    :param timeout: seconds within which the body goes on.
    """

    def __init__(
        self,
        subject: str,
        opened: Opened,
        resume: Callable[[Opened, int], Awaitable[Opened]],
        timeout: float,
    ) -> None:
        self._subject, self._opened, self._resume = subject, opened, resume
        self._timeout, self._retry = timeout, AsyncRetry(BACKOFFS, timeout)
        self._position = opened.start
        self.generation, self.size = opened.generation, opened.size
        self.start, self.stop = opened.start, opened.stop
        self.md5 = opened.md5()

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> bytes:
        """Return what has come since."""
        if self._position == self.stop:
            raise StopAsyncIteration
        chunk = await self._more() or await self._retry(self._subject, self._mended)
        self._position += len(chunk)
        if self._position > self.stop:
            raise Unavailable(self._subject, f"more than {self.stop - self.start} bytes came")
        return chunk

    async def aclose(self) -> None:
        """Cut the connection, unless its body has come and it serves others already."""
        self._opened.response.close()

    async def _more(self) -> bytes:
        """Wait for what comes next; it is nothing if the connection broke, or is cut as it stalls.

        By a timer of our own: aiohttp's ``sock_read`` goes on in a connection that has been given
        back, and breaks it for whoever takes it next.
        """
        response = self._opened.response
        stalled = asyncio.get_running_loop().call_later(self._timeout, _cut, response)
        try:
            return await response.content.readany()
        except (aiohttp.ClientError, OSError):
            return b""
        finally:
            stalled.cancel()

    async def _mended(self) -> bytes:
        """Open the rest and wait for its first bytes."""
        await self.aclose()
        opened = await self._resume(self._opened, self._position)
        if not opened.continues(self._opened, self._position):
            opened.response.close()
            raise Unavailable(self._subject, "what came after a broken connection does not fit")
        self._opened = opened
        chunk = await self._more()
        if not chunk:
            raise RetryableError("the body broke off")
        return chunk


def _cut(response: aiohttp.ClientResponse) -> None:
    """End a read as a broken connection does; ``close`` would raise one exception in all of them,
    which keeps what each held, and is no error of aiohttp's between two pieces of a chunked body.
    """
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
