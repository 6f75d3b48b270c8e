"""What goes to the kernel for an answer, call by call."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from proxy.http.protocol import GuardedProtocol
from testing.proxy import LARGE, LARGE_BYTES, MemoryProxy
from unit.proxy.conftest import Served, serving

PAGE = "/simple/alpha-pkg/"


class Noted:
    """A transport that notes what is sent at once."""

    def __init__(self, transport: asyncio.Transport, sent: list[bytes]) -> None:
        self._transport, self._sent = transport, sent

    def write(self, data: bytes) -> None:
        self._sent.append(bytes(data))
        self._transport.write(data)

    def writelines(self, parts: Iterable[bytes]) -> None:
        parts = list(parts)
        self._sent.append(b"".join(parts))
        self._transport.writelines(parts)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is
        return getattr(self._transport, name)


class Noting(GuardedProtocol):
    sent: list[bytes]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Noted(transport, Noting.sent))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def noting() -> Iterator[Served]:
    with serving(MemoryProxy(), Noting) as served:
        yield served


@pytest.fixture
def sent() -> list[bytes]:
    Noting.sent = []
    return Noting.sent


def test_a_page_is_sent_at_once_with_its_head(noting: Served, sent: list[bytes]) -> None:
    body = noting.get(PAGE).body
    [everything] = sent
    assert everything.startswith(b"HTTP/1.1 200 OK\r\n")
    assert everything.endswith(b"\r\n\r\n" + body)


def test_an_answer_without_a_body_is_its_head(noting: Served, sent: list[bytes]) -> None:
    etag = noting.head(PAGE).headers["etag"]
    noting.get(PAGE, {"If-None-Match": etag})
    first, second = sent
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 304 Not Modified\r\n")


def test_the_first_chunk_of_a_stream_comes_with_its_head(noting: Served, sent: list[bytes]) -> None:
    assert noting.get(f"/packages/{LARGE}").body == LARGE_BYTES
    head, _, chunk = sent[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert chunk
    assert chunk + b"".join(sent[1:]) == LARGE_BYTES


def test_nothing_is_kept_back_where_the_connection_closes(
    noting: Served, sent: list[bytes]
) -> None:
    closing = {"Connection": "close"}
    assert noting.head(PAGE, closing).status == 200
    assert noting.get(PAGE, closing).body
    assert noting.raw("BREW", PAGE, closing).status == 400
    assert [piece[9:12] for piece in sent] == [b"200", b"200", b"400"]
