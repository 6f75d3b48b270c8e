"""Limits of ``proxy.http.protocol`` for silent and slow clients.

Such clients are disconnected in time and do not delay other clients.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from proxy.http.protocol import GuardedProtocol
from testing.memory_proxy import LARGE, LARGE_BYTES, MemoryProxy, encode_basic
from unit.proxy.conftest import ProxyServer, serve

HANG = 600.0
"""Seconds after which a connection that is still open counts as never closed."""
HEAD = f"GET /simple/ HTTP/1.1\r\nHost: a\r\nAuthorization: {encode_basic()}\r\n".encode()


class ShortTimeoutProtocol(GuardedProtocol):
    head_timeout = 0.3
    write_timeout = 0.3
    alive = 0
    """Number of open connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        ShortTimeoutProtocol.alive += 1
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        ShortTimeoutProtocol.alive -= 1
        super().connection_lost(exc)


class MediumTimeoutProtocol(GuardedProtocol):
    """Protocol with limits that a client on a busy machine does not reach."""

    head_timeout = 2.0  # with the pause of a test below the 5 s of an idle connection
    write_timeout = 5.0


@pytest.fixture(scope="module")
def patient_server() -> Iterator[ProxyServer]:
    with serve(MemoryProxy(), MediumTimeoutProtocol) as server:
        yield server


@pytest.fixture(scope="module")
def impatient_server() -> Iterator[ProxyServer]:
    with serve(MemoryProxy(), ShortTimeoutProtocol) as server:
        yield server


def connect(server: ProxyServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=600)


def measure_lifetime(connection: socket.socket, drip: bytes = b"") -> float:
    """Return the seconds until the server closes a connection that repeats ``drip``."""
    started = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - started < HANG:
        try:
            if drip:
                connection.sendall(drip)
            if not connection.recv(65536):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - started


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"GET /simple/ HT", b""),
        (HEAD, b""),
        (HEAD, b"X-A: b\r\n"),
        (HEAD + b"X-A: ", b"b"),
        (b"", b"\r\n"),
    ],
    ids=["silence", "half a line", "half a head", "field by field", "byte by byte", "empty lines"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_head_that_is_not_complete_in_time_ends_the_connection(
    impatient_server: ProxyServer, first: bytes, drip: bytes, is_first: bool
) -> None:
    with connect(impatient_server) as connection:
        if not is_first:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            first = first or b"\r\n"
        connection.sendall(first)
        assert 0.2 < measure_lifetime(connection, drip) < HANG


def test_a_connection_can_be_idle_between_two_requests(patient_server: ProxyServer) -> None:
    with connect(patient_server) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        time.sleep(MediumTimeoutProtocol.head_timeout + 0.5)
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order(
    patient_server: ProxyServer,
) -> None:
    with connect(patient_server) as connection:
        connection.sendall((HEAD + b"\r\n") * 3)
        seen = b""
        while seen.count(b"HTTP/1.1 200") < 3:
            seen += connection.recv(65536)


def test_an_endless_head_ends_the_connection(impatient_server: ProxyServer) -> None:
    with connect(impatient_server) as connection:
        connection.sendall(HEAD + b"X-A: ")
        with pytest.raises(ConnectionError):
            connection.sendall(b"a" * 10_000_000)


def test_too_many_pipelined_requests_are_refused(impatient_server: ProxyServer) -> None:
    with connect(impatient_server) as connection:
        connection.sendall((HEAD + b"\r\n") * 20)
        assert is_closed_by_server(connection)


def test_an_endless_head_after_a_download_ends_the_connection(
    impatient_server: ProxyServer,
) -> None:
    with connect(impatient_server) as connection:
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        with pytest.raises(ConnectionError):
            connection.sendall(b"a" * 20_000_000)


def test_a_request_body_does_not_count_as_a_head(patient_server: ProxyServer) -> None:
    """A client that uploads to the index gets 405, also with a large body."""
    with connect(patient_server) as connection:
        length = b"Content-Length: 2000000\r\n\r\n"
        connection.sendall(HEAD.replace(b"GET", b"POST") + length + b"x" * 2_000_000)
        connection.sendall(HEAD + b"\r\n")
        seen = b""
        while b"HTTP/1.1 200" not in seen:
            seen += connection.recv(65536)
    assert seen.count(b"HTTP/1.1") == 2
    assert seen.startswith(b"HTTP/1.1 405")


def test_a_reset_connection_leaves_no_timer() -> None:
    lost: list[asyncio.TimerHandle | None] = []

    class Watched(GuardedProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.append(self.timeout_keep_alive_task)

    with serve(MemoryProxy(), Watched) as server:
        with connect(server) as connection:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert wait_until(lambda: lost != [])
    assert lost == [None]


def is_closed_by_server(connection: socket.socket) -> bool:
    """Return whether the server closes the connection, after any response."""
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def test_a_client_that_receives_nothing_is_disconnected(
    impatient_server: ProxyServer,
) -> None:
    def is_gone() -> bool:
        return not impatient_server.proxy.reader.open_downloads and ShortTimeoutProtocol.alive == 0

    assert wait_until(is_gone)
    with connect(impatient_server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        assert wait_until(lambda: bool(impatient_server.proxy.reader.open_downloads))
        assert wait_until(is_gone)


def wait_until(condition: Callable[[], bool]) -> bool:
    """Return whether a condition becomes true in time."""
    until = time.monotonic() + HANG
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_client_that_reads_slowly_is_served_to_the_end(patient_server: ProxyServer) -> None:
    with connect(patient_server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        seen, until = 0, time.monotonic() + MediumTimeoutProtocol.write_timeout + 0.5
        while time.monotonic() < until:
            seen += len(connection.recv(16384))
            time.sleep(0.02)
        while seen < len(LARGE_BYTES):
            chunk = connection.recv(2**20)
            assert chunk
            seen += len(chunk)


def test_idle_and_slow_clients_do_not_delay_other_clients(impatient_server: ProxyServer) -> None:
    with ExitStack() as stack:
        for number in range(300):
            connection = stack.enter_context(connect(impatient_server))
            if number % 3:
                connection.sendall(HEAD)
        assert impatient_server.get(f"/packages/{LARGE}").body == LARGE_BYTES
