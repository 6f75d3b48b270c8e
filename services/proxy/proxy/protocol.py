"""What uvicorn leaves open of one connection: how long, how much, and how many at once."""

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from proxy.requests import LARGEST_HEADERS

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n"


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for the end of a request's head for ever, collects
    whatever comes, and never gives up a client that takes nothing.

    Here a head has to come within a time, from the start of the connection or from the first byte
    after an answer, and within a size; and what is sent has to arrive.
    """

    head_timeout = 30.0
    """Seconds."""
    head_size = 2 * LARGEST_HEADERS
    """Bytes; what is a little too large is answered by the app itself."""
    most_waiting = 8
    """Requests that came while another is answered; no installer sends any."""
    write_timeout = 60.0
    """Seconds without an acknowledgement from the client: TCP_USER_TIMEOUT, where the system has it
    (https://man7.org/linux/man-pages/man7/tcp.7.html). A client that reads, however slowly, stays.
    """

    _came = 0
    """Bytes since the last head that were no body."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first head."""
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = round(self.write_timeout * 1000)
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Mind how much of a head has come, and since when."""
        self._came += len(data)
        super().data_received(data)
        under_way: RequestResponseCycle | None = self.cycle
        is_answered = under_way is None or under_way.response_complete
        if is_answered:
            self._start()
        if self._came > self.head_size:
            if is_answered:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            else:
                self.transport.abort()

    def on_headers_complete(self) -> None:
        """Serve the request, which takes as long as it takes."""
        if len(self.pipeline) >= self.most_waiting:
            raise ValueError("too many requests at once")  # uvicorn answers 400 and closes
        self._came = 0
        self._stop()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Do not take it for a part of the next head."""
        self._came = max(0, self._came - len(body))
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more; uvicorn by itself keeps what was reset until KEEP_ALIVE is over."""
        self._stop()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _start(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_timeout, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
