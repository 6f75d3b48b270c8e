"""HTTP server of every service: uvicorn with a bounded shutdown."""

import asyncio
from typing import Literal, TypedDict, Unpack

import uvicorn
from starlette.types import ASGIApp

from chassis.loaded_objects import freeze_loaded_objects
from chassis.settings import GRACE, ServiceSettings


class ServerOptions(TypedDict, total=False):
    """Options of uvicorn that a service can set.

    https://uvicorn.dev/settings/
    """

    http: type[asyncio.Protocol]
    """HTTP protocol of a connection."""
    proxy_headers: bool
    """Read the address of the client from ``X-Forwarded-For``."""
    server_header: bool
    """Add a ``Server`` field to responses."""
    timeout_keep_alive: int
    """Seconds before an idle connection is closed."""
    ws: Literal["none"]
    """Refuse WebSocket handshakes."""


def serve(app: ASGIApp, settings: ServiceSettings, **options: Unpack[ServerOptions]) -> None:
    """Serve until SIGTERM, then finish the current requests."""
    freeze_loaded_objects()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE,
        **options,
    )
