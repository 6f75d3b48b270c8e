"""Connection of one request: sends the response, or fails by a fault."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias, cast

from local.stand_ins.storage import errors
from local.stand_ins.storage.contents import PIECE
from local.stand_ins.storage.faults import Fault, When
from local.stand_ins.storage.http.wire import WireResponse

Scope: TypeAlias = MutableMapping[str, Any]
"""Description of a request (https://asgi.readthedocs.io/en/latest/specs/www.html)."""
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with 0 seconds: closing sends RST."""


class Dropped(Exception):
    """The connection is closed; no client waits for a response."""


class Connection:
    """Connection of one request.

    :param receive: a method of uvicorn's object with the transport. ASGI does not expose the
        transport, but faults need it.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def send(self, response: WireResponse, faults: Iterable[Fault] = ()) -> None:
        """Send a response; a fault can truncate the body.

        :raises Dropped: if a fault truncates it.
        """
        headers = [(k.encode(), v.encode("latin-1")) for k, v in response.headers.items()]
        if response.status not in (204, 304):
            length = len(response.body) if response.length is None else response.length
            headers.append((b"content-length", b"%d" % length))
        start = {"type": "http.response.start", "status": response.status, "headers": headers}
        await self._send(start)
        for fault in faults:
            if fault.kind == "truncate" and fault.after_bytes < response.size:
                await self._send_pieces(response, fault.after_bytes)
                self._transport().close()  # unlike abort, sends the buffer
                await self._drop()
        if response.media and response.size > PIECE:
            await self._send_pieces(response)
            await self._send({"type": "http.response.body", "body": b""})
        else:
            body = b"".join(response.iterate_pieces())
            await self._send({"type": "http.response.body", "body": body})

    async def _send_pieces(self, response: WireResponse, limit: int | None = None) -> None:
        """Send the bytes piece by piece; the client's reads set the pace."""
        for piece in response.iterate_pieces(limit):
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def apply_faults(self, faults: Iterable[Fault], when: When) -> None:
        """Apply the faults of this moment.

        :raises Dropped: after a reset or a hang.
        :raises StorageError: for a response with an error.
        """
        for fault in faults:
            if fault.when != when:
                continue
            match fault.kind:
                case "latency":
                    await asyncio.sleep(fault.seconds)
                case "error":
                    raise errors.fault_error(fault.status, fault.message)
                case "reset":
                    await self._reset()
                case "hang":
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(fault.seconds):
                            await self._wait_for_disconnect()
                    await self._reset()

    async def _reset(self) -> None:
        transport = self._transport()
        if not transport.is_closing():  # the socket of a client that is gone takes no option
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await self._drop()

    async def _drop(self) -> None:
        await self._wait_for_disconnect()
        raise Dropped

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self._receive.__self__.transport)  # type: ignore[attr-defined]  # see the class
