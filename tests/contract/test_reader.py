"""What :class:`cloud.ports.Reader` promises, in memory, on the strict fake and on fake-gcs-server;
and what the adapter mends, bounds and gives up, on the strict fake over HTTP.
"""

import asyncio
import gc
import hashlib
import json
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable
from cloud.ports import Download, Reader, StoredObject
from cloud.reader import Storage as Connections
from cloud.reader import StorageReader
from testing.fakes.fake_gcs_server import fake_gcs
from testing.fakes.reader import MemoryReader
from testing.storage import Fault, Storage, StorageServer

Act = Callable[[Reader], Awaitable[object]]
BIG = bytes(range(251)) * 40_000


class Site:
    """A bucket called ``bucket``, where objects can be put, and readers of it."""

    def __init__(self, url: str, storage: Storage | None) -> None:
        self._url, self._storage = url, storage

    def put(self, name: str, data: bytes) -> int:
        """Write an object; return its generation."""
        if self._storage is not None:
            return self._storage.insert("bucket", name, data).generation
        address = f"{self._url}/upload/storage/v1/b/bucket/o?uploadType=media&name={quote(name)}"
        return int(self._post(address, data)["generation"])

    def create(self) -> None:
        if self._storage is None:
            self._post(f"{self._url}/storage/v1/b?project=p", b'{"name":"bucket"}')
        else:
            self._storage.create_bucket("bucket")

    def _post(self, url: str, data: bytes) -> dict[str, str]:
        request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
        with urlopen(request) as answer:  # noqa: S310 - loopback
            found: dict[str, str] = json.loads(answer.read())
        return found

    @asynccontextmanager
    async def reader(self, *, timeout: float = 5, concurrency: int = 8) -> AsyncIterator[Reader]:
        if self._url == "" and self._storage is not None:
            yield MemoryReader(self._storage, "bucket")
            return
        connections = Connections(self._url, None, concurrency=concurrency, timeout=timeout)
        try:
            yield StorageReader(connections, "bucket")
        finally:
            await connections.close()


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as server:
        yield server


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with fake_gcs() as url:
        Site(url, None).create()
        yield url


@pytest.fixture
def storage(server: StorageServer) -> Storage:
    server.storage.reset()
    server.storage.create_bucket("bucket")
    return server.storage


@pytest.fixture
def strict(server: StorageServer, storage: Storage) -> Site:
    return Site(server.url, storage)


@pytest.fixture(params=["memory", "strict", "fake-gcs"])
def site(request: pytest.FixtureRequest) -> Site:
    if request.param == "strict":
        strict: Site = request.getfixturevalue("strict")
        return strict
    if request.param == "memory":
        memory = Site("", Storage())
        memory.create()
        return memory
    return Site(request.getfixturevalue("emulator"), None)


async def whole(download: Download) -> bytes:
    async with aclosing(download) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def reading(reader: Reader) -> StoredObject:
    return await reader.read("a")


async def checking(reader: Reader) -> StoredObject | None:
    return await reader.changed("a", 12345)


async def opening(reader: Reader) -> bytes:
    return await whole(await reader.open("a"))


# read


@pytest.mark.parametrize("data", [b"", b"some bytes", BIG])
async def test_read_returns_the_bytes_with_their_generation(site: Site, data: bytes) -> None:
    generation = site.put("simple/a b+ü/index.html", data)
    async with site.reader() as reader:
        found = await reader.read("simple/a b+ü/index.html")
    assert (found.generation, found.data) == (generation, data)


async def test_reading_what_is_not_there_fails(site: Site) -> None:
    async with site.reader() as reader:
        with pytest.raises(NotFound, match="gs://bucket/absent"):
            await reader.read("absent")
        with pytest.raises(NotFound, match="gs://bucket/absent"):
            await reader.changed("absent", 12345)


async def test_nothing_is_changed_for_who_has_the_live_generation(
    site: Site, request: pytest.FixtureRequest
) -> None:
    if "fake-gcs" in request.node.name:
        pytest.skip("fake-gcs-server 1.54 answers a conditional read whole")
    generation = site.put("a", b"1")
    async with site.reader() as reader:
        assert await reader.changed("a", generation) is None


async def test_what_is_newer_than_what_the_caller_has_is_changed(site: Site) -> None:
    first, second = site.put("a", b"1"), site.put("a", b"2")
    async with site.reader() as reader:
        assert await reader.changed("a", first) == StoredObject(second, b"2")


# open


@pytest.mark.parametrize("data", [b"", b"0123456789", BIG])
async def test_open_tells_what_comes_and_it_comes(site: Site, data: bytes) -> None:
    generation = site.put("a-1!2.0+cu1.whl", data)

    size, md5 = len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()
    async with site.reader() as reader:
        found = await reader.open("a-1!2.0+cu1.whl")
        facts = (found.generation, found.size, found.md5, found.start, found.stop)
        assert (*facts, await whole(found)) == (generation, size, md5, 0, size, data)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (0, 4, (0, 4)),
        (3, 4, (3, 4)),
        (3, None, (3, 10)),
        (3, 99, (3, 10)),
        (-4, None, (6, 10)),
        (-99, None, (0, 10)),
        (0, 10, (0, 10)),
        (10, None, (0, 10)),
        (99, 120, (0, 10)),
    ],
)
async def test_a_part_comes_alone_and_where_there_is_none_the_whole(
    site: Site, start: int, stop: int | None, expected: tuple[int, int]
) -> None:
    data = b"0123456789"
    site.put("a", data)

    async with site.reader() as reader:
        found = await reader.open("a", start=start, stop=stop)
        facts = (found.size, found.start, found.stop)
        assert (*facts, await whole(found)) == (10, *expected, data[slice(*expected)])


async def test_a_part_of_nothing_is_nothing(site: Site) -> None:
    site.put("a", b"")

    async with site.reader() as reader:
        found = await reader.open("a", start=0, stop=1)
        assert (found.size, await whole(found)) == (0, b"")


async def test_an_absent_object_cannot_be_opened(site: Site) -> None:
    async with site.reader() as reader:
        with pytest.raises(NotFound, match="gs://bucket/absent"):
            await reader.open("absent")


async def test_a_bucket_that_is_not_there_is_no_absent_object(server: StorageServer) -> None:
    """Else nothing would be blocked, and every project be none of ours."""
    server.storage.reset()
    async with Site(server.url, server.storage).reader() as reader:
        for act in (reading, checking, opening):
            with pytest.raises(Unavailable, match="bucket does not exist"):
                await act(reader)


async def test_many_downloads_go_on_side_by_side(site: Site) -> None:
    site.put("a", BIG)

    async with site.reader() as reader:
        downloads = [await reader.open("a") for _ in range(20)]  # more than may await an answer
        assert set(await asyncio.gather(*map(whole, downloads))) == {BIG}


# what it costs


@pytest.mark.parametrize("act", [reading, checking, opening])
async def test_each_is_one_operation(strict: Site, storage: Storage, act: Act) -> None:
    strict.put("a", BIG)
    async with strict.reader() as reader:
        await act(reader)
    assert storage.counts.requests == {"objects.download": 1}


@pytest.mark.parametrize("size", [1_000, 50_000, 100_000, 200_000])
@pytest.mark.parametrize("act", [reading, opening])
async def test_a_connection_that_idled_serves_the_next(
    strict: Site, storage: Storage, act: Act, size: int
) -> None:
    """aiohttp's ``sock_read`` breaks one whose last body was read after its end had come
    (https://github.com/aio-libs/aiohttp/issues/12953, of which 3.14.5 mends a part).
    """
    strict.put("a", BIG[:size])
    async with strict.reader(timeout=0.2) as reader:
        await act(reader)
        await asyncio.sleep(0.3)
        await act(reader)
    assert storage.counts.requests == {"objects.download": 2}


# what is raised


@pytest.mark.parametrize(
    ("status", "ours"),
    [(401, PermissionDenied), (403, PermissionDenied), (400, Unavailable), (501, Unavailable)],
)
@pytest.mark.parametrize("act", [reading, checking, opening])
async def test_a_refusal_is_raised_at_once_as_ours(
    strict: Site, storage: Storage, act: Act, status: int, ours: type[CloudError]
) -> None:
    strict.put("a", b"1")
    storage.faults.add(Fault(status=status, times=None))
    async with strict.reader() as reader:
        with pytest.raises(ours, match=f"gs://bucket/a: {status} "):
            await act(reader)
    assert storage.counts.requests == {"objects.download": 1}


@pytest.mark.parametrize("kind", ["error", "reset", "hang"])
@pytest.mark.parametrize("act", [reading, checking, opening])
async def test_what_does_not_pass_in_time_is_unavailable(
    strict: Site, storage: Storage, act: Act, kind: str
) -> None:
    strict.put("a", b"1")
    storage.faults.add(Fault.of({"kind": kind, "times": None, "seconds": 5.0}))
    async with strict.reader(timeout=0.5) as reader:
        with pytest.raises(Unavailable, match="gs://bucket/a: "):
            await act(reader)


# what is mended


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("act", [reading, checking, opening])
async def test_a_passing_failure_is_mended(
    strict: Site, storage: Storage, act: Act, status: int
) -> None:
    strict.put("a", b"1")
    fault = storage.faults.add(Fault(status=status, times=2))
    async with strict.reader() as reader:
        await act(reader)
    assert fault.times == 0


@pytest.mark.parametrize("act", [reading, checking, opening])
async def test_a_broken_connection_is_mended(strict: Site, storage: Storage, act: Act) -> None:
    strict.put("a", b"1")
    fault = storage.faults.add(Fault("reset", times=2))
    async with strict.reader() as reader:
        await act(reader)
    assert fault.times == 0


@pytest.mark.parametrize("sent", [0, 1, 1_000_000])
async def test_a_broken_read_is_whole(strict: Site, storage: Storage, sent: int) -> None:
    generation = strict.put("a", BIG)
    storage.faults.add(Fault("truncate", after_bytes=sent, times=2))
    async with strict.reader() as reader:
        assert await reader.read("a") == StoredObject(generation, BIG)


@pytest.mark.parametrize("sent", [0, 1, 1_000_000])
@pytest.mark.parametrize("start", [0, 5])
async def test_a_broken_download_goes_on_where_it_broke(
    strict: Site, storage: Storage, sent: int, start: int
) -> None:
    strict.put("a", BIG)
    fault = storage.faults.add(Fault("truncate", after_bytes=sent, times=3))
    async with strict.reader() as reader:
        assert await whole(await reader.open("a", start=start)) == BIG[start:]
    assert fault.times == 0


async def test_a_download_that_breaks_never_goes_on_with_other_bytes(
    strict: Site, storage: Storage
) -> None:
    strict.put("a", BIG)
    storage.faults.add(Fault("truncate", after_bytes=1_000_000))
    async with strict.reader() as reader:
        download = await reader.open("a")
        strict.put("a", BIG[::-1])
        with pytest.raises(NotFound):
            await whole(download)


async def test_a_download_that_does_not_go_on_is_given_up(strict: Site, storage: Storage) -> None:
    strict.put("a", BIG)
    storage.faults.add(Fault("truncate", after_bytes=0, times=None))
    async with strict.reader(timeout=0.5) as reader:
        download = await reader.open("a")
        with pytest.raises(Unavailable, match="gs://bucket/a: "):
            await whole(download)


# what is bounded


async def test_a_request_waits_for_its_place_no_longer_than_it_may(
    strict: Site, storage: Storage
) -> None:
    strict.put("a", b"1")
    storage.faults.add(Fault("hang", seconds=5))
    arrived: list[str] = []
    storage.before = lambda operation, bucket, name: arrived.append(name)
    async with strict.reader(timeout=0.4, concurrency=1) as reader:
        reads = (reader.read("a"), reader.read("a"))
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    assert arrived == ["a"]


async def test_a_download_that_nobody_takes_holds_no_place(strict: Site) -> None:
    strict.put("a", BIG)
    async with strict.reader(concurrency=1) as reader:
        slow = [await reader.open("a") for _ in range(3)]
        assert await reader.read("a") is not None
        for download in slow:
            await download.aclose()


# what only a server that misbehaves shows


@asynccontextmanager
async def against(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    *,
    timeout: float = 2,
) -> AsyncIterator[Reader]:
    """Read from a server that answers each connection as told."""

    async def answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer_and_close, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connections = Connections(f"127.0.0.1:{port}", None, concurrency=8, timeout=timeout)
    async with server:
        try:
            yield StorageReader(connections, "bucket")
        finally:
            await connections.close()


def head(length: int, *fields: str) -> bytes:
    lines = [
        "HTTP/1.1 200 OK",
        "x-goog-generation: 7",
        f"content-length: {length}",
        *fields,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


async def test_a_download_that_is_closed_cuts_its_connection_at_once() -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(10**9) + b"x" * 1000)
        await reader.read()
        gone.set()

    async with against(answer) as reader:
        download = await reader.open("a")
        assert await anext(aiter(download)) == b"x" * 1000
        await download.aclose()
        await asyncio.wait_for(gone.wait(), 1)


async def test_what_nobody_takes_stays_with_the_server() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(10**9))
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            try:
                await asyncio.wait_for(writer.drain(), 0.2)
            except (TimeoutError, ConnectionError):
                return

    async with against(answer) as reader, aclosing(await reader.open("a")) as download:
        await asyncio.sleep(0.5)
        assert len(await anext(aiter(download))) <= 1024 * 1024


@pytest.mark.parametrize(
    "second",
    [head(10) + b"0123456789", head(5, "x-goog-stored-content-length: 10") + b"01234"],
    ids=["the whole again", "another part"],
)
async def test_a_rest_that_does_not_fit_is_never_passed_on(second: bytes) -> None:
    answers = iter([head(10) + b"01234", second])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))

    async with against(answer) as reader:
        with pytest.raises(Unavailable, match="does not fit"):
            await whole(await reader.open("a"))


async def test_a_download_that_stalls_is_cut_and_goes_on() -> None:
    rest = "HTTP/1.1 206 Partial Content\r\nx-goog-generation: 7\r\ncontent-length: 5\r\n"
    rest += "content-range: bytes 5-9/10\r\n\r\n56789"
    answers = iter([head(10) + b"01234", rest.encode()])
    is_cut = False

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_cut
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))
        await reader.read()
        is_cut = True

    async with against(answer, timeout=0.2) as reader:
        download = await reader.open("a")
        assert await whole(download) == b"0123456789"
        assert is_cut
        left = weakref.ref(download)
        del download
    gc.collect()
    assert left() is None


async def test_more_bytes_than_were_told_are_an_error() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(10, "x-goog-stored-content-length: 5") + b"0123456789")

    async with against(answer) as reader:
        with pytest.raises(Unavailable, match="more than 5 bytes"):
            await whole(await reader.open("a"))


@pytest.mark.parametrize("status", [206, 304, 416])
async def test_an_answer_to_another_question_is_none(status: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} What\r\ncontent-length: 0\r\n\r\n".encode())

    async with against(answer, timeout=0.3) as reader:
        with pytest.raises(Unavailable, match=f"{status} to a "):
            await reader.read("a")
        if status == 416:
            with pytest.raises(Unavailable, match="416 to a request for the whole"):
                await reader.open("a", start=5)


async def test_a_redirect_is_not_followed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")

    async with against(answer) as reader:
        with pytest.raises(Unavailable, match="302"):
            await reader.read("a")
