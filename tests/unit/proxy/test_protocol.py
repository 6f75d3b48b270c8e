"""Writes to the kernel for a response (``proxy.http.protocol``)."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from proxy.http.protocol import GuardedProtocol
from testing.memory_proxy import LARGE, LARGE_BYTES, MemoryProxy
from unit.proxy.conftest import ProxyServer, serve

PAGE = "/simple/alpha-pkg/"


class RecordingTransport:
    """Transport that records the bytes of each write."""

    def __init__(self, transport: asyncio.Transport, sent: list[bytes]) -> None:
        self._transport, self._sent = transport, sent

    def write(self, data: bytes) -> None:
        self._sent.append(bytes(data))
        self._transport.write(data)

    def writelines(self, parts: Iterable[bytes]) -> None:
        parts = list(parts)
        self._sent.append(b"".join(parts))
        self._transport.writelines(parts)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute
        return getattr(self._transport, name)


class RecordingProtocol(GuardedProtocol):
    sent: list[bytes]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(RecordingTransport(transport, RecordingProtocol.sent))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def recording_server() -> Iterator[ProxyServer]:
    with serve(MemoryProxy(), RecordingProtocol) as server:
        yield server


@pytest.fixture
def sent() -> list[bytes]:
    RecordingProtocol.sent = []
    return RecordingProtocol.sent


def test_a_page_is_sent_at_once_with_its_head(
    recording_server: ProxyServer, sent: list[bytes]
) -> None:
    body = recording_server.get(PAGE).body
    [everything] = sent
    assert everything.startswith(b"HTTP/1.1 200 OK\r\n")
    assert everything.endswith(b"\r\n\r\n" + body)


def test_an_answer_without_a_body_is_its_head(
    recording_server: ProxyServer, sent: list[bytes]
) -> None:
    etag = recording_server.head(PAGE).headers["etag"]
    recording_server.get(PAGE, {"If-None-Match": etag})
    first, second = sent
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 304 Not Modified\r\n")


def test_the_first_chunk_of_a_stream_comes_with_its_head(
    recording_server: ProxyServer, sent: list[bytes]
) -> None:
    assert recording_server.get(f"/packages/{LARGE}").body == LARGE_BYTES
    head, _, chunk = sent[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert chunk
    assert chunk + b"".join(sent[1:]) == LARGE_BYTES


def test_nothing_is_lost_when_the_connection_closes(
    recording_server: ProxyServer, sent: list[bytes]
) -> None:
    closing = {"Connection": "close"}
    assert recording_server.head(PAGE, closing).status == 200
    assert recording_server.get(PAGE, closing).body
    assert recording_server.raw("BREW", PAGE, closing).status == 400
    assert [piece[9:12] for piece in sent] == [b"200", b"200", b"400"]
