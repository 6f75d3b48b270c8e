"""Hostile requests as bytes over a socket."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testing.memory_proxy import MemoryProxy, encode_basic, run
from unit.proxy.conftest import ProxyServer

AUTHORIZED = f"Authorization: {encode_basic()}\r\n".encode()


def exchange(server: ProxyServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=600) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def request_status(server: ProxyServer, target: bytes, headers: bytes = b"") -> int:
    fields = b"Host: index\r\nConnection: close\r\n" + AUTHORIZED + headers
    answer = exchange(server, b"GET " + target + b" HTTP/1.1\r\n" + fields + b"\r\n")
    return int(answer.split(b" ", 2)[1])


@pytest.mark.conformance(5)
@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/simple/f\xc3\xb6\xc3\xb6/", 400),
        (b"/simple/foo\x00/", 400),
        (b"/simple/%00/", 404),
        (b"/simple/../blocked.json", 404),
        (b"/simple/%2e%2e/%2e%2e/", 404),
        (b"/packages/..%2f..%2fblocked.json", 404),
        (b"/packages/%252e%252e%252fblocked.json", 404),
        (b"/simple//alpha-pkg/", 301),
        (b"//evil.example/simple/", 404),
        (b"http://evil.example/simple/alpha-pkg", 301),
        (b"/" + b"a" * 5000, 414),
        (b"/simple/?" + b"a" * 5000, 414),
    ],
)
def test_a_hostile_target_is_refused(server: ProxyServer, target: bytes, status: int) -> None:
    assert request_status(server, target) == status


@pytest.mark.conformance(63)
def test_an_absolute_target_never_leads_to_its_host(server: ProxyServer) -> None:
    request = b"GET http://evil.example/simple/alpha-pkg HTTP/1.1\r\nHost: evil.example\r\n"
    answer = exchange(server, request + AUTHORIZED + b"Connection: close\r\n\r\n")
    assert b"location: ./alpha-pkg/\r\n" in answer


def test_header_fields_beyond_32_kib_are_431(server: ProxyServer) -> None:
    assert request_status(server, b"/simple/", b"X-A: " + b"a" * 20_000 + b"\r\n") == 200
    assert request_status(server, b"/simple/", (b"X-A: " + b"a" * 20_000 + b"\r\n") * 2) == 431


@pytest.fixture(scope="module")
def proxy() -> MemoryProxy:
    """The proxy for all examples of Hypothesis."""
    return MemoryProxy()


@pytest.mark.conformance(5, 14)
@settings(max_examples=300)
@given(
    path=st.text(st.characters(max_codepoint=255), max_size=80)
    | st.from_regex(r"/(simple|packages|pypi|projects|search|static)/[!-~]{0,40}", fullmatch=True),
    fields=st.dictionaries(
        st.sampled_from(["accept", "range", "if-range", "if-none-match", "user-agent", "x-a"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
        max_size=4,
    ),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "TRACE", "BREW"]),
)
def test_no_path_or_field_is_an_internal_error(
    proxy: MemoryProxy, path: str, fields: dict[str, str], method: str
) -> None:
    answer = run(proxy.ask(path, fields, method))
    assert answer.status in {200, 206, 301, 304, 404, 405, 406, 416}
