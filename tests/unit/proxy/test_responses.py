"""Streamed bodies: ``proxy.http.responses`` and ``proxy.index.downloads``."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Self

import anyio
import pytest
from starlette.responses import Response
from starlette.types import Message

from cloud.errors import Unavailable
from proxy.http.responses import BodyResponse, ClosingResponse, PreparedResponse
from proxy.index.downloads import LazyDownload
from schemas.types import Generation
from testing.memory_proxy import AsgiRequest

OnSend = Callable[[Message], Coroutine[Any, Any, None]]


class StubDownload:
    """Download in memory of the bytes from ``start`` to ``stop``."""

    def __init__(self, *chunks: bytes, start: int = 0, stop: int = 3) -> None:
        self.start, self.stop = start, stop
        self.size, self.generation, self.md5 = 3, Generation(1), ""
        self.steps: list[str] = []
        self.closings = 0
        self._chunks = iter(chunks)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            self.steps.append("read")
            return chunk
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closings += 1


async def send(response: Response, on_send: OnSend | None = None) -> AsgiRequest:
    client = AsgiRequest("/", {})
    client.on_send = on_send
    await response(client.scope, client.receive, client.send)
    return client


async def send_body(*chunks: bytes) -> tuple[bytes, bool]:
    client = await send(BodyResponse(200, [], StubDownload(*chunks), 3))
    return client.read_response().body, client.is_complete()


async def test_a_stream_is_complete_when_every_byte_was_sent() -> None:
    assert await send_body(b"ab", b"c") == (b"abc", True)


async def test_a_stream_that_ends_early_is_not_completed() -> None:
    assert await send_body(b"ab") == (b"ab", False)


async def test_the_next_chunk_is_read_when_the_server_wants_more_and_not_before() -> None:
    download = StubDownload(b"ab", b"c")

    async def note(message: Message) -> None:
        words = f"sent {message['body'].decode() or 'nothing'}" if "body" in message else ""
        download.steps.append(words)

    await send(BodyResponse(200, [], download, 3), note)
    first, second = ["sent ab", "sent nothing"], ["sent c", "sent nothing"]
    assert download.steps == ["read", "", *first, "read", *second, "sent nothing"]


class UncancellableDownload(StubDownload):
    """Download without a cancellation point between its chunks."""

    async def __anext__(self) -> bytes:
        with anyio.CancelScope(shield=True):
            await asyncio.sleep(0)
        return await super().__anext__()


async def test_a_stream_ends_where_its_client_leaves_also_while_chunks_arrive() -> None:
    download = UncancellableDownload(*[b"a"] * 1000, stop=1000)
    response = BodyResponse(200, [], download, 1000)
    client = AsgiRequest("/", {})

    async def leave(message: Message) -> None:
        client.disconnected.set()

    client.on_send = leave
    await response(client.scope, client.receive, client.send)
    assert len(download.steps) < 10
    assert not client.is_complete()


async def test_a_response_without_a_body_closes_its_download_once() -> None:
    download = StubDownload(b"abc")
    await send(ClosingResponse(PreparedResponse(304, []), download))
    assert (download.closings, download.steps) == (1, [])


async def test_a_response_that_fails_closes_its_download() -> None:
    download = StubDownload(b"abc")

    async def fail(message: Message) -> None:
        raise Unavailable("client")

    with pytest.raises(Unavailable):
        await send(ClosingResponse(PreparedResponse(200, [], b"abc"), download), fail)
    assert download.closings == 1


async def read(download: LazyDownload) -> bytes:
    return b"".join([chunk async for chunk in download])


def create_opener(
    opened: list[StubDownload],
) -> Callable[[int, int], Coroutine[Any, Any, StubDownload]]:
    async def open_part(start: int, stop: int) -> StubDownload:
        opened.append(StubDownload(b"abc"[start:stop], start=start, stop=stop))
        return opened[-1]

    return open_part


@pytest.mark.parametrize("part", [(0, 3), (1, 2)])
async def test_a_part_is_opened_when_it_is_read(part: tuple[int, int]) -> None:
    opened: list[StubDownload] = []
    download = LazyDownload(create_opener(opened)).select(*part)
    assert opened == []
    assert await read(download) == b"abc"[slice(*part)]
    await download.aclose()
    assert [each.closings for each in opened] == [1]


async def test_a_download_that_is_open_serves_if_it_is_the_selected_part() -> None:
    opened: list[StubDownload] = []
    known = StubDownload(b"abc")
    download = LazyDownload(create_opener(opened), known).select(0, 3)
    assert await read(download) == b"abc"
    await download.aclose()
    assert (opened, known.closings) == ([], 1)


async def test_a_download_that_is_open_is_closed_if_another_part_is_selected() -> None:
    opened: list[StubDownload] = []
    known = StubDownload(b"abc")
    download = LazyDownload(create_opener(opened), known).select(1, 3)
    assert await read(download) == b"bc"
    assert known.closings == 1
    await download.aclose()
    assert (known.closings, [each.closings for each in opened]) == (1, [1])


async def test_a_download_that_was_never_opened_needs_no_closing() -> None:
    opened: list[StubDownload] = []
    await LazyDownload(create_opener(opened)).select(0, 3).aclose()
    assert opened == []
