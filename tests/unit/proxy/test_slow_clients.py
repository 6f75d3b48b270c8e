"""Clients that say nothing, or say it slowly, or take nothing: each is given up in time, and in the
meantime the others are served.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from proxy.main import ImpatientProtocol
from unit.proxy.conftest import Served, serving
from unit.proxy.world import LARGE, LARGE_BYTES, World, basic

HEAD = f"GET /simple/ HTTP/1.1\r\nHost: a\r\nAuthorization: {basic()}\r\n".encode()


class Hasty(ImpatientProtocol):
    head_timeout = 0.3


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    with serving(World(write_timeout=0.3), Hasty) as served:
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


def test_a_client_that_takes_nothing_is_given_up(hasty: Served) -> None:
    with connected(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(HEAD.replace(b"/simple/", f"/packages/{LARGE}".encode()) + b"\r\n")
        until = time.monotonic() + 5
        while hasty.world.reader.under_way == set() and time.monotonic() < until:
            time.sleep(0.01)
        while hasty.world.reader.under_way and time.monotonic() < until:
            time.sleep(0.01)
        assert hasty.world.reader.under_way == set()
        assert time.monotonic() < until


def test_idle_and_slow_clients_do_not_hinder_others(hasty: Served) -> None:
    with ExitStack() as stack:
        for number in range(300):
            connection = stack.enter_context(connected(hasty))
            if number % 3:
                connection.sendall(HEAD)
        started = time.monotonic()
        assert hasty.get(f"/packages/{LARGE}").body == LARGE_BYTES
        assert time.monotonic() - started < 2
