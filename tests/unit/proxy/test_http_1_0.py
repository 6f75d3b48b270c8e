"""Clients that speak HTTP/1.0, as bytes over a socket."""

import socket
from collections.abc import Iterator

import pytest

from testing.memory_proxy import LARGE, LARGE_BYTES, MemoryProxy, encode_basic
from testing.storage import Fault
from unit.proxy.conftest import ProxyServer, serve

BIG = f"/packages/{LARGE}"
PATHS = ["/", "/simple/", "/simple/alpha-pkg/", "/simple/Alpha/", "/nothing", "/health", BIG]


@pytest.fixture(scope="module")
def limited() -> Iterator[ProxyServer]:
    """The proxy with a limit for Content-Length below the size of the large file."""
    with serve(MemoryProxy(max_content_length=1_000_000)) as server:
        yield server


def exchange(
    server: ProxyServer, path: str, version: str = "1.0", field: str = ""
) -> tuple[dict[str, str], bytes]:
    """Return the header fields and the bytes until the server closes the connection."""
    lines = [f"GET {path} HTTP/{version}", f"Authorization: {encode_basic()}", "Connection: close"]
    request = "\r\n".join([*lines, *([field] if field else []), "", ""])
    with socket.create_connection(("127.0.0.1", server.port), timeout=600) as connection:
        connection.sendall(request.encode())
        received = b""
        while chunk := connection.recv(1 << 20):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    _, *fields = head.decode().lower().split("\r\n")
    return dict(line.split(": ", 1) for line in fields), body


@pytest.mark.conformance(48)
@pytest.mark.parametrize("path", PATHS)
def test_a_body_has_a_length_and_is_not_chunked(limited: ProxyServer, path: str) -> None:
    fields, body = exchange(limited, path)
    assert fields["content-length"] == str(len(body))
    assert "transfer-encoding" not in fields


@pytest.mark.conformance(48)
@pytest.mark.parametrize(
    ("field", "part"), [("", slice(None)), ("Range: bytes=1000-", slice(1000, None))]
)
def test_a_file_above_the_limit_has_its_bytes_and_its_length(
    limited: ProxyServer, field: str, part: slice
) -> None:
    fields, body = exchange(limited, BIG, field=field)
    assert body == LARGE_BYTES[part]
    assert fields["content-length"] == str(len(LARGE_BYTES[part]))


def test_a_client_of_http_1_1_gets_the_same_file_in_chunks(limited: ProxyServer) -> None:
    fields, body = exchange(limited, BIG, "1.1")
    assert fields["transfer-encoding"] == "chunked"
    assert "content-length" not in fields
    assert body.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_body_that_ends_early_is_never_taken_for_the_whole(version: str) -> None:
    proxy = MemoryProxy(max_content_length=1_000_000)
    proxy.packages.fault(Fault("truncate", name=LARGE, after_bytes=2_000_000, times=None))
    with serve(proxy) as server:
        fields, body = exchange(server, BIG, version)
    if version == "1.0":
        assert len(body) < int(fields["content-length"])
    else:
        assert not body.endswith(b"0\r\n\r\n")
