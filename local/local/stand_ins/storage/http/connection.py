"""Connection of a client: sends the responses to its requests, one after the other.

The response to most requests is one write in the callback that receives the request. A request has
a task only if it waits: for a fault, a hook, or the client that reads a large object.
"""

import asyncio
import logging
import re
from http import HTTPStatus
from typing import cast

import httptools
import uvicorn
from uvicorn.server import ServerState

from local.stand_ins.storage.contents import PIECE
from local.stand_ins.storage.http.app import SlowCall, StorageApp
from local.stand_ins.storage.http.fault_effects import Dropped, find_truncation
from local.stand_ins.storage.http.request_parser import RequestParser
from local.stand_ins.storage.http.wire import Request, WireResponse

_TEXT = {"content-type": "text/plain; charset=utf-8"}
_MALFORMED = WireResponse(400, b"Invalid HTTP request received.", _TEXT)
_FAILED = WireResponse(500, b"Internal Server Error", _TEXT)

_STATUS_LINES = {int(s): b"HTTP/1.1 %d %b\r\n" % (s, s.phrase.encode()) for s in HTTPStatus}
_INVALID_IN_NAME = re.compile(rb'[\x00-\x20\x7f()<>@,;:\[\]={}\\"]')
_INVALID_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """Connection of a client. uvicorn makes it, and calls ``shutdown``."""

    transport: asyncio.Transport

    def __init__(self, config: uvicorn.Config, server_state: ServerState, **others: object) -> None:
        self.closed = asyncio.Event()
        self._app = cast(StorageApp, config.app)
        self._keep_alive = config.timeout_keep_alive
        self._server = server_state
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser()
        self._waiting = self._parser.requests
        self._task: asyncio.Task[None] | None = None
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._is_ending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell uvicorn about the connection."""
        self.transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)  # type: ignore[arg-type]  # not a class of uvicorn

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the requests, and wake the task."""
        self._server.connections.discard(self)
        self._stop_idle_timer()
        self._waiting.clear()
        self.closed.set()
        self._can_write.set()

    def data_received(self, data: bytes) -> None:
        """Serve the requests that these bytes complete."""
        self._stop_idle_timer()
        try:
            self._parser.feed(data)
        except httptools.HttpParserError:
            if self._task is not None:  # the response to an earlier request is on its way
                self.transport.abort()
                return
            self._send(_MALFORMED, keep_alive=False)
        else:
            self._serve_waiting()

    def pause_writing(self) -> None:
        """Wait until the client has read."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """Continue, because the client has read."""
        self._can_write.set()
        self._serve_waiting()

    def shutdown(self) -> None:
        """Close the connection after the request in progress."""
        self._is_ending = True
        if not self._is_busy:
            self.transport.close()

    @property
    def _is_busy(self) -> bool:
        return bool(self._parser.is_receiving or self._task or self._waiting)

    def _serve_waiting(self) -> None:
        """Serve the complete requests until one must wait. Until then, read no more of them."""
        while self._waiting and self._task is None and self._can_write.is_set():
            self._serve(self._waiting.popleft())
        if self.transport.is_closing():
            return
        if self._waiting:
            self.transport.pause_reading()
            return
        self.transport.resume_reading()
        if self._parser.expects_continue and self._task is None:
            self._parser.expects_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif not self._is_busy:
            self._stop_idle_timer()
            self._idle_timer = self._loop.call_later(self._keep_alive, self.transport.close)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _serve(self, request: Request) -> None:
        try:
            answer = self._app.answer(request)
            if isinstance(answer, WireResponse) and answer.size <= PIECE:
                self._send(answer, request.method, keep_alive=request.keep_alive)
                return
        except Exception:
            self._fail(request)
            return
        self._task = self._loop.create_task(self._serve_slowly(request, answer))
        self._task.add_done_callback(self._end_task)
        self._server.tasks.add(self._task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self._task = None
        self._server.tasks.discard(task)
        if task.cancelled():  # by the shutdown
            self.transport.close()
        self._serve_waiting()

    async def _serve_slowly(self, request: Request, answer: WireResponse | SlowCall) -> None:
        limit = None
        try:
            if isinstance(answer, SlowCall):
                faults = answer.faults
                answer = await self._app.run_slowly(answer, self)
                limit = find_truncation(faults, answer.size)
            if answer.size > PIECE or limit is not None:
                await self._send_pieces(answer, limit, keep_alive=request.keep_alive)
            else:
                self._send(answer, request.method, keep_alive=request.keep_alive)
        except Dropped:
            return
        except Exception:
            self._fail(request)

    def _fail(self, request: Request) -> None:
        _log.exception("no response to %s %s", request.method, request.path)
        self._send(_FAILED, request.method, keep_alive=False)

    def _send(self, response: WireResponse, method: str = "", *, keep_alive: bool) -> None:
        """Send head and body in one packet (``docs/adr/0011-head-and-body-in-one-packet.md``)."""
        if self.transport.is_closing():  # the client is gone
            return
        keep_alive = keep_alive and not self._is_ending
        body = b"" if method == "HEAD" else b"".join(response.iterate_pieces())
        self.transport.write(_encode_head(response, keep_alive=keep_alive) + body)
        if not keep_alive:
            self._close()

    async def _send_pieces(
        self, response: WireResponse, limit: int | None, *, keep_alive: bool
    ) -> None:
        """Send the body piece by piece; the client's reads set the pace."""
        if self.transport.is_closing():
            return
        keep_alive = keep_alive and not self._is_ending
        self.transport.write(_encode_head(response, keep_alive=keep_alive))
        try:
            for piece in response.iterate_pieces(limit):
                await self._can_write.wait()
                if self.transport.is_closing():
                    return
                self.transport.write(piece)
        except OSError:
            _log.exception("the file of a response cannot be read")
            keep_alive = False
        if limit is not None or not keep_alive or self._is_ending:
            self._close()

    def _close(self) -> None:
        """Close the connection after the last response, without the requests after it."""
        self._waiting.clear()
        self.transport.close()


def _encode_head(response: WireResponse, *, keep_alive: bool) -> bytes:
    """Return the status line and the headers of a response.

    :raises ValueError: if a header has a character that HTTP does not allow.
    """
    status = response.status
    names = [name.encode() for name in response.headers]
    values = [value.encode("latin-1") for value in response.headers.values()]
    if _INVALID_IN_NAME.search(b"".join(names)) or _INVALID_IN_VALUE.search(b"".join(values)):
        raise ValueError(f"invalid headers: {response.headers}")
    lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
    lines += [b"%b: %b\r\n" % pair for pair in zip(names, values, strict=True)]
    if status not in (204, 304):
        length = len(response.body) if response.length is None else response.length
        lines.append(b"content-length: %d\r\n" % length)
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)
