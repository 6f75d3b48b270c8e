"""HTTP exchanges by libcurl."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud.json_requests.curl_transport import (
    BrokenResponse,
    CurlRequest,
    CurlResponse,
    CurlTransport,
)
from testing.storage import Attributes, Fault, StorageServer

BODY = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        running.storage.create_bucket("b")
        running.storage.insert("b", "a", BODY, Attributes(content_encoding="gzip"))
        yield running


@pytest.fixture
def transport(server: StorageServer) -> Iterator[CurlTransport]:
    server.storage.faults.clear()
    transport = CurlTransport()
    yield transport
    transport.close()


def make_request(server: StorageServer, name: str = "a") -> CurlRequest:
    fields = {"accept-encoding": "gzip"}
    return CurlRequest("GET", f"{server.url}/storage/v1/b/b/o/{name}?alt=media", fields)


def test_the_body_stays_as_stored(transport: CurlTransport, server: StorageServer) -> None:
    response = transport.send(make_request(server))
    assert (response.status, response.body) == (200, BODY)
    assert response.get_field(b"content-encoding:") == "gzip"


def test_any_status_is_a_response(transport: CurlTransport, server: StorageServer) -> None:
    response = transport.send(make_request(server, "absent"))
    assert (response.status, response.body) == (404, b"No such object: b/absent")


def test_a_field_is_found_in_any_case() -> None:
    lines = (b"HTTP/1.1 200 OK\r\n", b"X-Goog-Generation: 7\r\n", b"\r\n")
    response = CurlResponse(200, lines, b"")
    assert response.get_field(b"x-goog-generation:") == "7"
    assert response.get_field(b"x-goog-hash:") == ""


def test_the_values_of_a_repeated_field_are_joined() -> None:
    lines = (b"HTTP/1.1 200 OK\r\n", b"x-goog-hash: crc32c=AA\r\n", b"x-goog-hash: md5=BB\r\n")
    assert CurlResponse(200, lines, b"").get_field(b"x-goog-hash:") == "crc32c=AA,md5=BB"


def test_a_name_of_dots_is_no_path_of_another_resource(
    transport: CurlTransport, server: StorageServer
) -> None:
    for name in ("..", "."):
        response = transport.send(CurlRequest("GET", f"{server.url}/storage/v1/b/b/o/{name}"))
        assert response.status == 404


def test_a_token_is_not_in_the_text_of_a_request() -> None:
    request = CurlRequest("GET", "http://127.0.0.1/", {"authorization": "Bearer secret"})
    assert "secret" not in repr(request)


def test_a_broken_response_has_the_received_part(
    transport: CurlTransport, server: StorageServer
) -> None:
    server.storage.faults.add(
        Fault("truncate", operation="objects.download", after_bytes=100_000, times=1)
    )
    with pytest.raises(BrokenResponse) as raised:
        transport.send(make_request(server))
    received = raised.value.received
    assert (received.status, received.body) == (200, BODY[:100_000])


def test_a_refused_connection_is_a_broken_response(transport: CurlTransport) -> None:
    with pytest.raises(BrokenResponse, match="libcurl 7") as raised:
        transport.send(CurlRequest("GET", "http://127.0.0.1:1/"))
    assert raised.value.received.status == 0


def test_requests_after_each_other_use_one_connection(
    transport: CurlTransport, server: StorageServer
) -> None:
    for _ in range(3):
        transport.send(make_request(server))
    assert len(transport._handles) == 1


def test_threads_do_not_share_a_handle(transport: CurlTransport, server: StorageServer) -> None:
    barrier = threading.Barrier(4)

    def send(number: int) -> bytes:
        barrier.wait()
        return transport.send(make_request(server)).body

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(send, range(4))) == [BODY] * 4


def test_a_post_leaves_nothing_for_the_next_request(
    transport: CurlTransport, server: StorageServer
) -> None:
    url = f"{server.url}/upload/storage/v1/b/b/o?uploadType=media&name=new"
    written = transport.send(CurlRequest("POST", url, {"content-type": "text/plain"}, b"new"))
    read = transport.send(make_request(server, "new"))
    assert (written.status, read.status, read.body) == (200, 200, b"new")
