"""HTTP/1.1 over a socket: requests in any pieces, and clients that do not read."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local.stand_ins.storage.contents import PIECE
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.faults import Fault
from local.stand_ins.storage.http.app import StorageApp
from local.stand_ins.storage.http.listener import create_server, open_socket
from local.stand_ins.storage.objects import Attributes, Hashes
from testing.storage import StorageServer

GET = b"GET /b/a HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_GET = b"GET /b/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as server:
        yield server


@pytest.fixture
def storage(server: StorageServer) -> FakeStorage:
    server.storage.reset()
    server.storage.create_bucket("b")
    return server.storage


@pytest.fixture
def client(storage: FakeStorage) -> Iterator[socket.socket]:
    with connect(storage) as connection:
        yield connection


def connect(storage: FakeStorage) -> socket.socket:
    place = urlsplit(storage.origin)
    return socket.create_connection((place.hostname, place.port), timeout=600)


def read_all(client: socket.socket) -> bytes:
    """Return the bytes until the server closes the connection."""
    return b"".join(iter(lambda: client.recv(65536), b""))


class CountingContent:
    """Large content that counts the bytes that were read."""

    size = 64 * PIECE

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, start: int, end: int) -> bytes:
        self.read_bytes += end - start
        return bytes(end - start)


def test_pipelined_requests_are_answered_in_their_order(
    storage: FakeStorage, client: socket.socket
) -> None:
    storage.insert("b", "a", b"A" * 3 * PIECE)
    storage.insert("b", "b", b"last")
    storage.faults.add(Fault("latency", seconds=0.05, operation="xml.get", name="b"))
    client.sendall(GET + GET.replace(b"/b/a", b"/b/b") + GET + LAST_GET.replace(b"/b/a", b"/b/b"))
    bodies = [part.split(b"\r\n\r\n")[1] for part in read_all(client).split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"A" * 3 * PIECE, b"last", b"A" * 3 * PIECE, b"last"]


def test_requests_after_the_last_one_are_not_answered(
    storage: FakeStorage, client: socket.socket
) -> None:
    storage.insert("b", "a", b"123")
    client.sendall(LAST_GET + GET)
    answer = read_all(client)
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert b"\r\nconnection: close\r\n" in answer


def test_a_connection_of_http_1_0_ends_after_the_response(
    storage: FakeStorage, client: socket.socket
) -> None:
    storage.insert("b", "a", b"123")
    client.sendall(b"GET /b/a HTTP/1.0\r\nHost: x\r\n\r\n")
    assert read_all(client).endswith(b"\r\n\r\n123")


@pytest.mark.parametrize("length", [1, 7, 1000])
def test_a_request_comes_in_any_pieces(
    storage: FakeStorage, client: socket.socket, length: int
) -> None:
    request = (
        b"POST /upload/storage/v1/b/b/o?uploadType=media&name=a HTTP/1.1\r\nHost: x\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n2\r\n45\r\n0\r\n\r\n"
    )
    for start in range(0, len(request), length):
        client.sendall(request[start : start + length])
    assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert storage.get("b", "a").data == b"12345"


def test_head_has_the_length_but_no_body(storage: FakeStorage, client: socket.socket) -> None:
    head = b"HEAD /b/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    client.sendall(head.replace(b"Connection: close\r\n", b"") + head)
    first, second, rest = read_all(client).split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"\r\ncontent-length: " in first
    assert second.removesuffix(b"\r\nconnection: close") == first
    assert rest == b""


@pytest.mark.parametrize("request_", [b"no http\r\n\r\n", b"GET http://[ HTTP/1.1\r\n\r\n"])
def test_a_malformed_request_ends_the_connection(client: socket.socket, request_: bytes) -> None:
    client.sendall(request_)
    answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nInvalid HTTP request received.")


@pytest.mark.parametrize(
    "attributes", [Attributes("x\r\ny: z"), Attributes(metadata={"x\r\ny": "z"}), Attributes("…")]
)
def test_a_header_that_http_does_not_allow_is_an_error(
    storage: FakeStorage, client: socket.socket, attributes: Attributes
) -> None:
    storage.insert("b", "a", b"123", attributes)
    client.sendall(GET)
    answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.endswith(b"\r\n\r\nInternal Server Error")


def test_an_upgrade_is_ignored(storage: FakeStorage, client: socket.socket) -> None:
    storage.insert("b", "a", b"123")
    client.sendall(GET[:-2] + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert client.recv(65536).endswith(b"\r\n\r\n123")


def test_a_client_that_does_not_read_takes_little_memory(storage: FakeStorage) -> None:
    storage.insert("b", "a", content := CountingContent(), hashes=Hashes("", ""))
    storage.insert("b", "b", b"")
    with connect(storage) as slow, connect(storage) as other:
        slow.sendall(GET * 20)
        for _ in range(100):
            other.sendall(GET.replace(b"/b/a", b"/b/b"))
            assert other.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert content.read_bytes < content.size


def test_small_responses_to_a_client_that_does_not_read_wait(storage: FakeStorage) -> None:
    storage.insert("b", "a", bytes(PIECE))
    count = 50
    with connect(storage) as slow:
        slow.sendall(GET * count)
        with connect(storage) as other:
            for _ in range(100):
                other.sendall(GET.replace(b"/b/a", b"/b/absent"))
                assert other.recv(65536).startswith(b"HTTP/1.1 404 Not Found\r\n")
        assert storage.counts.requests["xml.get"] < 100 + count
        slow.sendall(LAST_GET)
        assert len(read_all(slow)) > (count + 1) * PIECE


@pytest.mark.parametrize("size", [3, 3 * PIECE])
def test_a_client_that_leaves_before_the_response_is_no_error(
    storage: FakeStorage, client: socket.socket, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    storage.insert("b", "a", bytes(size))
    is_called, has_left, is_served = threading.Event(), threading.Event(), threading.Event()

    def wait_until_the_client_has_left(*_: str) -> None:
        is_called.set()
        has_left.wait(600)

    storage.before = wait_until_the_client_has_left
    storage.after = lambda *_: is_served.set()
    client.sendall(GET)
    is_called.wait(600)
    client.close()
    with connect(storage) as other:
        head = GET.replace(b"GET", b"HEAD")
        storage.before = None
        other.sendall(head)  # its response shows that the server noticed the lost client
        assert other.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        is_served.clear()
        has_left.set()
        is_served.wait(600)
        storage.after = None
        for _ in range(10):
            other.sendall(head)
            assert other.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert caplog.records == []


def test_the_shutdown_lets_a_request_end() -> None:
    with StorageServer() as server:
        server.storage.create_bucket("b")
        server.storage.insert("b", "a", b"123")
        is_called, is_stopping = threading.Event(), threading.Event()

        def wait_for_the_end(*_: str) -> None:
            is_called.set()
            is_stopping.wait(600)

        server.storage.before = wait_for_the_end
        with connect(server.storage) as client, connect(server.storage) as idle:
            client.sendall(GET)
            is_called.wait(600)
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            assert read_all(idle) == b""
            is_stopping.set()
            answer = read_all(client)
            stopping.join()
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\n123")


async def test_an_idle_connection_is_closed() -> None:
    listener = open_socket("127.0.0.1", 0)
    server = create_server(StorageApp(FakeStorage()), keep_alive=0)
    serving = asyncio.create_task(server.serve([listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(GET)
    assert (await reader.read()).startswith(b"HTTP/1.1 404 Not Found\r\n")
    writer.close()
    await writer.wait_closed()
    server.should_exit = True
    await serving
