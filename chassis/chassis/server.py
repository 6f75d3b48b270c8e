"""The HTTP server of every service: uvicorn, with a bounded end."""

import asyncio
from typing import Literal, TypedDict, Unpack

import uvicorn
from starlette.types import ASGIApp

from chassis.settings import ServiceSettings

GRACE = 8
"""Seconds to finish requests after SIGTERM; Cloud Run kills after 10."""


class ServerOptions(TypedDict, total=False):
    """Options of uvicorn that a service may set. https://uvicorn.dev/settings/"""

    http: type[asyncio.Protocol]
    """The HTTP protocol of a connection."""
    proxy_headers: bool
    """Whether ``X-Forwarded-For`` replaces the address of the client."""
    server_header: bool
    """Whether responses have a ``Server`` field."""
    timeout_keep_alive: int
    """Seconds of an idle connection between two requests."""
    ws: Literal["none"]
    """Refuse WebSocket handshakes."""


def serve(app: ASGIApp, settings: ServiceSettings, **options: Unpack[ServerOptions]) -> None:
    """Serve until SIGTERM, then finish the current requests."""
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE,
        **options,
    )
