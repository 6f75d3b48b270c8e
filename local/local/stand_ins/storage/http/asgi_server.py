"""uvicorn's server for the stand-in."""

import asyncio
import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from local.stand_ins.storage.http.app import StorageApp

KEEP_ALIVE = 75
"""Seconds until an idle connection is closed."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class OnePacketProtocol(HttpToolsProtocol):
    """uvicorn's protocol with one packet for the head of a response and the start of its body.

    uvicorn writes them one after the other, and uvloop sends each write at once. That takes two
    system calls, and wakes the client twice (``docs/adr/0011-head-and-body-in-one-packet.md``).
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Write to a transport that joins two writes."""
        self._joining = JoiningTransport(transport)
        super().connection_made(self._joining)

    def on_response_complete(self) -> None:
        """Send a head without a body."""
        self._joining.flush()
        super().on_response_complete()


class JoiningTransport(asyncio.Transport):
    """Transport that keeps a write until the next one, and sends both together.

    A response has a head and, except for 204 and 304, one write or more for the body.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""
        # uvicorn calls these often.
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep a head, or send it with this first part of the body."""
        if data == _CONTINUE:
            self._transport.write(data)  # the client waits for it
        elif self._head:
            self._transport.writelines((self._head, data))
            self._head = b""
        else:
            self._head = bytes(data)

    def flush(self) -> None:
        """Send the bytes that wait."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Send the bytes that wait, and close the connection."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close the connection without sending the rest."""
        self._transport.abort()


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


def create_server(app: StorageApp) -> uvicorn.Server:
    """Return a server that writes no log of requests."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        loop="uvloop",
        http=OnePacketProtocol,
    )
    return uvicorn.Server(config)
