"""The icon for browsers: ``proxy.index.icon``."""

import struct

import pytest

from testing.memory_proxy import MemoryProxy, encode_basic
from unit.proxy.conftest import ProxyServer

ICON = "/favicon.ico"


@pytest.mark.conformance(59)
@pytest.mark.parametrize("authorization", ["", encode_basic("wrong"), encode_basic()])
def test_the_icon_needs_no_token(server: ProxyServer, authorization: str) -> None:
    answer = server.raw("GET", ICON, {"Authorization": authorization})
    assert (answer.status, answer.headers["content-type"]) == (200, "image/vnd.microsoft.icon")
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert "www-authenticate" not in answer.headers


def test_the_icon_has_one_image_of_32_pixels(server: ProxyServer) -> None:
    body = server.raw("GET", ICON).body
    assert struct.unpack("<HHHBBBB", body[:10]) == (0, 1, 1, 32, 32, 0, 0)
    length, start = struct.unpack("<II", body[14:22])
    assert (len(body), body[start : start + 8]) == (start + length, b"\x89PNG\r\n\x1a\n")


def test_a_known_icon_is_304_and_head_has_no_body(server: ProxyServer) -> None:
    got, head = server.raw("GET", ICON), server.raw("HEAD", ICON)
    again = server.raw("GET", ICON, {"If-None-Match": got.headers["etag"]})
    assert [(answer.status, answer.body) for answer in (head, again)] == [(200, b""), (304, b"")]
    assert head.headers["content-length"] == str(len(got.body))


@pytest.mark.conformance(59)
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [(ICON, "POST", 405), ("/favicon%2eico", "GET", 401), ("//favicon.ico", "GET", 401)],
)
async def test_no_other_request_is_answered_without_a_token(
    proxy: MemoryProxy, path: str, method: str, status: int
) -> None:
    assert (await proxy.ask(path, {"authorization": ""}, method)).status == status
    assert proxy.take_operation_count() == 0
