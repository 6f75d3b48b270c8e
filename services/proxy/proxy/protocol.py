"""What uvicorn leaves open of one connection: how long, how much, how many at once, in how many
packets.
"""

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
        self._answers = Gathering(transport)
        super().connection_made(self._answers)
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

    def on_response_complete(self) -> None:
        """Send what is left of it, and go on to the next."""
        self._answers.end_answer()
        super().on_response_complete()

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


class Gathering(asyncio.Transport):
    """A transport that sends the head of an answer together with the first bytes of its body.

    uvicorn writes one after the other, and uvloop sends each at once: twice the calls of the
    kernel, and twice the packets.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""
        self._is_head_sent = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what is written first of an answer until there is more."""
        if self._is_head_sent:
            self._transport.write(data)
        elif self._head:
            self._transport.writelines((self._head, data))
            self._is_head_sent = True
        else:
            self._head = bytes(data)

    def end_answer(self) -> None:
        """Send the head if nothing came after it; what is written next is the next head."""
        if self._head and not self._is_head_sent:
            self._transport.write(self._head)
        self._head, self._is_head_sent = b"", False

    def close(self) -> None:
        """Send what there is, and close."""
        self.end_answer()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it closes, or did."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Take no more from the client."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more from the client."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """What is known of the connection."""
        return self._transport.get_extra_info(name, default)
