"""One request's connection: sends its answer, or breaks off as a fault has it."""

import asyncio
import socket
import struct
from collections.abc import Iterable
from typing import cast

import anyio
from starlette.types import Receive, Send

from testing.storage import errors
from testing.storage.faults import Fault, When
from testing.storage.http.wire import Answer

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, of no seconds: closing sends RST."""


class Dropped(Exception):
    """The connection is no more; there is nobody to answer."""


class Connection:
    """:param receive: of uvicorn itself: a method of the object that holds the transport, which
    ASGI does not show and without which no connection can be broken.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def answer(self, answer: Answer, faults: Iterable[Fault] = ()) -> None:
        """Send it, up to where a fault truncates the body.

        :raises Dropped: if one does.
        """
        headers = [(k.encode(), v.encode("latin-1")) for k, v in answer.headers.items()]
        if answer.status not in (204, 304):
            length = len(answer.body) if answer.length is None else answer.length
            headers.append((b"content-length", b"%d" % length))
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await self._send(start)
        for fault in faults:
            if fault.kind == "truncate" and fault.after_bytes < len(answer.body):
                sent = bytes(answer.body[: fault.after_bytes])
                await self._send({"type": "http.response.body", "body": sent, "more_body": True})
                self._transport().close()  # unlike abort, sends what is buffered
                await self._drop()
        await self._send({"type": "http.response.body", "body": answer.body})

    async def strike(self, faults: Iterable[Fault], when: When) -> None:
        """Do what the faults of this moment ask for.

        :raises Dropped: after a reset or a hang.
        :raises StorageError: as the answer to give.
        """
        for fault in faults:
            if fault.when != when:
                continue
            match fault.kind:
                case "latency":
                    await anyio.sleep(fault.seconds)
                case "error":
                    raise errors.injected(fault.status)
                case "reset":
                    await self._reset()
                case "hang":
                    with anyio.move_on_after(fault.seconds):
                        await self._gone()
                    await self._reset()

    async def _reset(self) -> None:
        transport = self._transport()
        if connection := transport.get_extra_info("socket"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await self._drop()

    async def _drop(self) -> None:
        await self._gone()
        raise Dropped

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self._receive.__self__.transport)  # type: ignore[attr-defined]  # see the class
