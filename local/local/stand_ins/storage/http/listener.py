"""Server of the stand-in: a listening socket, and uvicorn's life cycle without its protocol."""

import socket

import uvicorn

from local.stand_ins.storage.http.app import StorageApp
from local.stand_ins.storage.http.connection import Connection

KEEP_ALIVE = 75
"""Seconds until an idle connection is closed."""


def open_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket; from here on, connections of clients wait.

    :param port: 0 takes a free port.
    """
    # asyncio disables Nagle's algorithm (40 ms per response) only with an explicit IPPROTO_TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    return listener


def create_server(app: StorageApp, keep_alive: int = KEEP_ALIVE) -> uvicorn.Server:
    """Return a server for ``app``.

    uvicorn accepts the connections, handles signals and shuts down. It does not call ``app``, which
    is not an ASGI application: :class:`Connection` does.
    """
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # only passed on
        interface="asgi3",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=keep_alive,
        timeout_graceful_shutdown=1,
        loop="uvloop",
        http=Connection,
        ws="none",
    )
    return uvicorn.Server(config)
