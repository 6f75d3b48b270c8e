"""Body of a request, with a lower limit for its speed."""

from asyncio import get_running_loop, timeout
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from upload.http.errors import SlowClient

FORM_OVERHEAD = 16 * 1024 * 1024
"""Maximum size of a form without its file, in bytes. Its largest field is the description."""
MIN_RATE = 1024
"""Bytes per second below which a client counts as idle."""


@dataclass(slots=True)
class Patience:
    """Remaining seconds for the next bytes of a client.

    Waiting uses them up. Each byte gives ``1 / MIN_RATE`` seconds back, up to the idle time-out. So
    a client is cut off after the idle time-out without a byte, and also if it sends single bytes.
    The time in which the service does not wait for the client does not count.
    """

    idle_timeout: float
    """Seconds."""
    left: float = field(init=False)
    """Seconds until the client is cut off."""

    def __post_init__(self) -> None:
        self.left = self.idle_timeout

    def spend(self, seconds: float, received: int) -> None:
        """Count the time of one wait, and the bytes that ended it."""
        self.left = min(self.idle_timeout, self.left - seconds + received / MIN_RATE)


class RequestBody:
    """Chunks of the body of one request. It is iterated at most once, to its end or in part.

    :raises ClientDisconnect: if the client leaves before the end.
    :raises SlowClient: if the client is slower than :data:`MIN_RATE` for the idle time-out.
    """

    def __init__(self, receive: Receive, idle_timeout: float) -> None:
        self._receive, self._patience = receive, Patience(idle_timeout)
        self.received = 0
        """Bytes up to now."""
        self.is_complete = False
        """Whether the last chunk has arrived."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the chunks as they arrive."""
        while not self.is_complete:
            message = await self._receive_in_time()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk: bytes = message.get("body", b"")
            self.received += len(chunk)
            self.is_complete = not message.get("more_body", False)
            if chunk:
                yield chunk

    async def read_whole(self, limit: int) -> bytes | None:
        """Return the whole body; None as soon as it is larger than ``limit`` bytes."""
        body = bytearray()
        async for chunk in self:
            body += chunk
            if len(body) > limit:
                return None
        return bytes(body)

    async def drain(self, limit: int) -> None:
        """Read and drop the rest, at most up to ``limit`` bytes of the whole body.

        Most clients of HTTP/1.1 read the response only after they have sent their body.
        """
        async for _ in self:
            if self.received >= limit:
                return

    async def _receive_in_time(self) -> Message:
        clock = get_running_loop().time
        started = clock()
        try:
            async with timeout(max(self._patience.left, 0)):
                message = await self._receive()
        except TimeoutError:
            raise SlowClient(
                f"less than {MIN_RATE} bytes a second arrived for"
                f" {self._patience.idle_timeout:g} s, after {self.received} bytes:"
                " upload again over a faster connection"
            ) from None
        self._patience.spend(clock() - started, len(message.get("body", b"")))
        return message
