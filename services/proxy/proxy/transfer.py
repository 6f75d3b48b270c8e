"""Sends a reply over ASGI; a streamed body that breaks off is never made to look whole."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import aclosing
from typing import Any

from proxy.replies import Reply

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
"""An ASGI server's two channels: https://asgi.readthedocs.io/en/stable/specs/main.html"""

_NOTHING_YET: Event = {"type": "http.response.body", "body": b"", "more_body": True}


class Transfer:
    """One answer on its way."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.status = 0
        self.sent = 0
        """Bytes of body."""
        self.is_started = False
        """Whether the status is on its way, so that no other answer can be given."""
        self.is_complete = False

    async def send(self, reply: Reply) -> None:
        """Send ``reply``; of a streamed body the first chunk is awaited before the status is sent.

        A client that leaves ends it at once, wherever it is.

        :raises CloudError: if the body could not be read to its end.
        """
        if isinstance(reply.body, bytes):
            await self._send(self._head(reply))
            await self._send(_rest(reply.body))
            self.sent, self.is_complete = len(reply.body), True
            return
        async with aclosing(reply.body) as chunks:
            await self._unless_gone(self._stream(reply, chunks))

    async def _unless_gone(self, sending: Coroutine[Any, Any, None]) -> None:
        work, gone = asyncio.create_task(sending), asyncio.create_task(self._disconnected())
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.wait((work, gone))

    async def _stream(self, reply: Reply, chunks: AsyncIterable[bytes]) -> None:
        """Send chunk after chunk, none of which is held here while the client takes its time."""
        async for chunk in chunks:
            if not self.is_started:
                await self._send(self._head(reply))
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            self.sent += len(chunk)
            del chunk
            # The server waits here while the client has not taken what was sent before.
            await self._send(_NOTHING_YET)
        if self.sent == reply.length:
            await self._send(_rest(b""))
            self.is_complete = True

    def _head(self, reply: Reply) -> Event:
        self.is_started, self.status = True, reply.status
        return {"type": "http.response.start", "status": reply.status, "headers": reply.fields}

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _rest(body: bytes) -> Event:
    return {"type": "http.response.body", "body": body}
