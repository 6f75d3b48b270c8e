"""Protocol of uvicorn with more limits for connections and fewer packets per response."""

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from proxy.http.requests import LARGEST_HEADERS

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n"


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits for clients that are slow or silent, or that send large heads.

    A head is the request line with the header fields. uvicorn waits without limit for the end of a
    head and buffers heads of any size. It keeps connections to clients that no longer acknowledge
    sent bytes. This protocol limits the time and the size of a head, and the time until the client
    acknowledges sent bytes. The time of a head starts with the connection, or with the first byte
    after a response.

    ``docs/adr/0010-limits-of-a-connection.md`` lists the limits that matter on Cloud Run.
    """

    head_timeout = 30.0
    """Maximum number of seconds from the start to the end of a head."""
    head_size = 2 * LARGEST_HEADERS
    """Maximum size of a head, in bytes.

    The application already refuses header fields larger than half of this.
    """
    pipeline_size = 8
    """Maximum number of requests in the pipeline after the current one. Installers send none."""
    write_timeout = 60.0
    """Maximum number of seconds until the client acknowledges sent bytes.

    It is the option TCP_USER_TIMEOUT, on systems that support it
    (https://man7.org/linux/man-pages/man7/tcp.7.html). A client that reads slowly stays connected.
    """

    _received = 0
    """Bytes since the last head, without bodies."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first head."""
        self._coalescing = CoalescingTransport(transport)
        super().connection_made(self._coalescing)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = round(self.write_timeout * 1000)
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Apply the limits of a head."""
        self._received += len(data)
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is None or cycle.response_complete
        if is_answered:
            self._start_timer()
        if self._received > self.head_size:
            if is_answered:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            else:
                self.transport.abort()

    def on_headers_complete(self) -> None:
        """Stop the timer of the head, and serve the request."""
        if len(self.pipeline) >= self.pipeline_size:
            raise ValueError("too many requests at once")  # uvicorn answers 400 and closes
        self._received = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Send the rest of the response, and start the next one."""
        self._coalescing.end_response()
        super().on_response_complete()

    def on_body(self, body: bytes) -> None:
        """Exclude a body from the size of the next head."""
        self._received = max(0, self._received - len(body))
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers. uvicorn would keep a reset connection for KEEP_ALIVE seconds."""
        self._stop_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_timeout, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class CoalescingTransport(asyncio.Transport):
    """Transport that sends the head of a response together with the first bytes of its body.

    uvicorn writes them one after the other, and uvloop sends each write immediately, in its own
    packet. That takes twice as many system calls and packets
    (``docs/adr/0011-head-and-body-in-one-packet.md``).
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""
        self._is_head_sent = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write bytes. The head waits for the first bytes of the body."""
        if self._is_head_sent:
            self._transport.write(data)
        elif self._head:
            self._transport.writelines((self._head, data))
            self._is_head_sent = True
        else:
            self._head = bytes(data)

    def end_response(self) -> None:
        """Send the waiting head if the response has no body. The next write is a new head."""
        if self._head and not self._is_head_sent:
            self._transport.write(self._head)
        self._head, self._is_head_sent = b"", False

    def close(self) -> None:
        """Send the rest, and close the connection."""
        self.end_response()
        self._transport.close()

    def abort(self) -> None:
        """Close the connection without sending the rest."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Return whether the connection is closing or closed."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Stop reading from the client."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Resume reading from the client."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Return a property of the connection."""
        return self._transport.get_extra_info(name, default)
