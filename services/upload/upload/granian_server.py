"""HTTP server of the upload service: granian, for HTTP/1.1 and HTTP/2 without TLS on one port.

Cloud Run limits a request to a server of HTTP/1 to 32 MiB, and uvicorn has no HTTP/2. The reasons
for granian are in ADR 28. granian runs in the event loop of this process, so that the composition
root can pass clients to the application.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.loaded_objects import freeze_loaded_objects
from chassis.settings import GRACE, ServiceSettings

_HEAD_TIMEOUT = 30_000
"""Milliseconds for the header fields of a request of HTTP/1, and of an idle connection."""
_HEAD_SIZE = 64 * 1024
"""Bytes of the header fields of a request, and of the read buffer of HTTP/1."""
_PING_INTERVAL = 30_000
"""Milliseconds between two pings of a connection of HTTP/2."""
_PING_TIMEOUT = 20
"""Seconds to wait for the answer to a ping."""
_STREAM_WINDOW = 256 * 1024
"""Bytes of a stream of HTTP/2 that can arrive before the application reads them."""
_CLEANUP = 1.0
"""Seconds for interrupted requests to cancel their uploads."""


def serve_h2c(app: ASGIApp, settings: ServiceSettings, on_stop: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the current requests for at most ``GRACE``.

    :param on_stop: function to call at the signal, in the event loop.
    """
    freeze_loaded_objects()
    asyncio.run(_serve(app, settings, on_stop))


class RequestTasks:
    """Middleware with the tasks of the current requests, for their end at the shutdown."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request as a task of this middleware."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        task: asyncio.Task[None] = asyncio.ensure_future(self._run(scope, receive, send))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait((task,))

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def cancel(self) -> None:
        """Cancel the requests, and wait until they have cancelled their uploads."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLEANUP)


async def _serve(app: ASGIApp, settings: ServiceSettings, on_stop: Callable[[], None]) -> None:
    requests = RequestTasks(app)
    server = _create_server(requests, settings)
    running = asyncio.ensure_future(server.serve())
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await _wait_for_first(running, stop.wait())
    on_stop()
    server.stop()  # type: ignore[no-untyped-call]  # granian's
    await asyncio.wait((running,), timeout=GRACE)
    if not running.done():
        await requests.cancel()
        await asyncio.wait((running,), timeout=_CLEANUP)
    if not running.done():  # granian waits for clients that send nothing and read nothing
        os._exit(0)
    await running


async def _wait_for_first(*awaitables: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _create_server(app: ASGIApp, settings: ServiceSettings) -> Server:
    return Server(
        app,
        settings.host,
        settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_TIMEOUT, max_buffer_size=_HEAD_SIZE),
        http2_settings=HTTP2Settings(
            initial_stream_window_size=_STREAM_WINDOW,
            max_headers_size=_HEAD_SIZE,
            keep_alive_interval=_PING_INTERVAL,
            keep_alive_timeout=_PING_TIMEOUT,
        ),
    )
