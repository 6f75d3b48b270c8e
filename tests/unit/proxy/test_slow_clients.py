"""Clients that say nothing, or say it slowly, or take nothing: each is given up in time, and in the
meantime the others are served.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from proxy.http.protocol import GuardedProtocol
from testing.proxy import LARGE, LARGE_BYTES, MemoryProxy, basic
from unit.proxy.conftest import Served, serving

HEAD = f"GET /simple/ HTTP/1.1\r\nHost: a\r\nAuthorization: {basic()}\r\n".encode()


class Hasty(GuardedProtocol):
    head_timeout = 0.3
    write_timeout = 0.3
    alive = 0
    """Connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        Hasty.alive += 1
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        Hasty.alive -= 1
        super().connection_lost(exc)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    with serving(MemoryProxy(), Hasty) as served:
        yield served


def connected(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=5)


def seconds_until_closed(connection: socket.socket, drip: bytes = b"") -> float:
    """How long the server bears a client that sends ``drip`` every now and then."""
    started = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - started < 5:
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
def test_a_head_that_does_not_come_in_time_ends_the_connection(
    hasty: Served, first: bytes, drip: bytes, is_first: bool
) -> None:
    with connected(hasty) as connection:
        if not is_first:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            first = first or b"\r\n"
        connection.sendall(first)
        assert 0.2 < seconds_until_closed(connection, drip) < 2


def test_a_connection_may_be_idle_between_two_requests(hasty: Served) -> None:
    with connected(hasty) as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.6)


def test_requests_that_come_in_one_go_are_answered_one_after_the_other(hasty: Served) -> None:
    with connected(hasty) as connection:
        connection.sendall((HEAD + b"\r\n") * 3)
        seen = b""
        while seen.count(b"HTTP/1.1 200") < 3:
            seen += connection.recv(65536)


def test_a_head_without_end_is_cut_off(hasty: Served) -> None:
    with connected(hasty) as connection:
        connection.sendall(HEAD + b"X-A: ")
        with pytest.raises(ConnectionError):
            connection.sendall(b"a" * 10_000_000)


def test_more_requests_than_may_wait_are_refused(hasty: Served) -> None:
    with connected(hasty) as connection:
        connection.sendall((HEAD + b"\r\n") * 20)
        assert ended(connection)


def test_a_head_without_end_behind_a_download_is_cut_off(hasty: Served) -> None:
    with connected(hasty) as connection:
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        with pytest.raises(ConnectionError):
            connection.sendall(b"a" * 20_000_000)


def test_a_body_is_no_head(hasty: Served) -> None:
    """twine and its like, at the wrong address: told so, however much they send."""
    with connected(hasty) as connection:
        length = b"Content-Length: 2000000\r\n\r\n"
        connection.sendall(HEAD.replace(b"GET", b"POST") + length + b"x" * 2_000_000)
        connection.sendall(HEAD + b"\r\n")
        seen = b""
        while b"HTTP/1.1 200" not in seen:
            seen += connection.recv(65536)
    assert seen.count(b"HTTP/1.1") == 2
    assert seen.startswith(b"HTTP/1.1 405")


def test_of_a_connection_that_was_reset_nothing_is_kept() -> None:
    lost: list[asyncio.TimerHandle | None] = []

    class Watched(GuardedProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.append(self.timeout_keep_alive_task)

    with serving(MemoryProxy(), Watched) as served:
        with connected(served) as connection:
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        until = time.monotonic() + 5
        while not lost and time.monotonic() < until:
            time.sleep(0.01)
    assert lost == [None]


def ended(connection: socket.socket) -> bool:
    """Whether the server ends it, whatever it says before."""
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def test_a_client_that_takes_nothing_is_given_up_and_its_connection_is_gone(hasty: Served) -> None:
    def is_gone() -> bool:
        return not hasty.proxy.reader.under_way and Hasty.alive == 0

    assert soon(is_gone)
    with connected(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        assert soon(lambda: bool(hasty.proxy.reader.under_way))
        assert soon(is_gone)


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so within seconds."""
    until = time.monotonic() + 5
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def test_a_client_that_reads_slowly_is_served_to_the_end(hasty: Served) -> None:
    with connected(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        seen, until = 0, time.monotonic() + 1.5
        while time.monotonic() < until:
            seen += len(connection.recv(16384))
            time.sleep(0.02)
        while seen < len(LARGE_BYTES):
            chunk = connection.recv(2**20)
            assert chunk
            seen += len(chunk)


def test_idle_and_slow_clients_do_not_hinder_others(hasty: Served) -> None:
    with ExitStack() as stack:
        for number in range(300):
            connection = stack.enter_context(connected(hasty))
            if number % 3:
                connection.sendall(HEAD)
        started = time.monotonic()
        assert hasty.get(f"/packages/{LARGE}").body == LARGE_BYTES
        assert time.monotonic() - started < 2
