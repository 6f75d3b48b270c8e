"""Contract of :class:`cloud.ports.Reader`: memory, strict fake and fake-gcs-server.

Retries, limits and failures of the adapter are tested on the strict fake over HTTP.
"""

import asyncio
import gc
import hashlib
import json
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable
from cloud.ports import Download, Reader, StoredObject
from cloud.reader import StorageReader, StorageSession
from testing.fakes.fake_gcs_server import run_fake_gcs
from testing.fakes.memory_reader import MemoryReader
from testing.storage import FakeStorage, Fault, StorageServer

Act = Callable[[Reader], Awaitable[object]]
BIG = bytes(range(251)) * 40_000


class ReaderSite:
    """Bucket with the name ``bucket``, with writes of objects and readers."""

    def __init__(self, url: str, storage: FakeStorage | None) -> None:
        self._url, self._storage = url, storage

    def put(self, name: str, data: bytes) -> int:
        """Write an object and return its generation."""
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
    async def open_reader(
        self, *, timeout: float = 5, concurrency: int = 8
    ) -> AsyncIterator[Reader]:
        if self._url == "" and self._storage is not None:
            yield MemoryReader(self._storage, "bucket")
            return
        connections = StorageSession(self._url, None, concurrency=concurrency, timeout=timeout)
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
    with run_fake_gcs() as url:
        ReaderSite(url, None).create()
        yield url


@pytest.fixture
def storage(server: StorageServer) -> FakeStorage:
    server.storage.reset()
    server.storage.create_bucket("bucket")
    return server.storage


@pytest.fixture
def strict(server: StorageServer, storage: FakeStorage) -> ReaderSite:
    return ReaderSite(server.url, storage)


@pytest.fixture(params=["memory", "strict", "fake-gcs"])
def site(request: pytest.FixtureRequest) -> ReaderSite:
    if request.param == "strict":
        strict: ReaderSite = request.getfixturevalue("strict")
        return strict
    if request.param == "memory":
        memory = ReaderSite("", FakeStorage())
        memory.create()
        return memory
    return ReaderSite(request.getfixturevalue("emulator"), None)


async def read_all(download: Download) -> bytes:
    async with aclosing(download) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def read(reader: Reader) -> StoredObject:
    return await reader.read("a")


async def read_if_changed(reader: Reader) -> StoredObject | None:
    return await reader.read_if_changed("a", 12345)


async def open_and_read(reader: Reader) -> bytes:
    return await read_all(await reader.open("a"))


# read


@pytest.mark.parametrize("data", [b"", b"some bytes", BIG])
async def test_read_returns_the_bytes_with_their_generation(site: ReaderSite, data: bytes) -> None:
    generation = site.put("simple/a b+ü/index.html", data)
    async with site.open_reader() as reader:
        found = await reader.read("simple/a b+ü/index.html")
    assert (found.generation, found.data) == (generation, data)


async def test_reading_an_absent_object_fails(site: ReaderSite) -> None:
    async with site.open_reader() as reader:
        with pytest.raises(NotFound, match="gs://bucket/absent"):
            await reader.read("absent")
        with pytest.raises(NotFound, match="gs://bucket/absent"):
            await reader.read_if_changed("absent", 12345)


async def test_the_live_generation_is_not_read_again(
    site: ReaderSite, request: pytest.FixtureRequest
) -> None:
    if "fake-gcs" in request.node.name:
        pytest.skip("fake-gcs-server 1.54 answers a conditional read whole")
    generation = site.put("a", b"1")
    async with site.open_reader() as reader:
        assert await reader.read_if_changed("a", generation) is None


async def test_a_newer_generation_is_read(site: ReaderSite) -> None:
    first, second = site.put("a", b"1"), site.put("a", b"2")
    async with site.open_reader() as reader:
        assert await reader.read_if_changed("a", first) == StoredObject(second, b"2")


# open


@pytest.mark.parametrize("data", [b"", b"0123456789", BIG])
async def test_open_returns_the_properties_and_the_bytes(site: ReaderSite, data: bytes) -> None:
    generation = site.put("a-1!2.0+cu1.whl", data)

    size, md5 = len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()
    async with site.open_reader() as reader:
        found = await reader.open("a-1!2.0+cu1.whl")
        facts = (found.generation, found.size, found.md5, found.start, found.stop)
        assert (*facts, await read_all(found)) == (generation, size, md5, 0, size, data)


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
async def test_open_returns_the_part_or_the_whole_if_there_is_no_such_part(
    site: ReaderSite, start: int, stop: int | None, expected: tuple[int, int]
) -> None:
    data = b"0123456789"
    site.put("a", data)

    async with site.open_reader() as reader:
        found = await reader.open("a", start=start, stop=stop)
        facts = (found.size, found.start, found.stop)
        assert (*facts, await read_all(found)) == (10, *expected, data[slice(*expected)])


async def test_a_part_of_an_empty_object_is_empty(site: ReaderSite) -> None:
    site.put("a", b"")

    async with site.open_reader() as reader:
        found = await reader.open("a", start=0, stop=1)
        assert (found.size, await read_all(found)) == (0, b"")


async def test_an_absent_object_cannot_be_opened(site: ReaderSite) -> None:
    async with site.open_reader() as reader:
        with pytest.raises(NotFound, match="gs://bucket/absent"):
            await reader.open("absent")


async def test_an_absent_bucket_is_no_absent_object(server: StorageServer) -> None:
    """If it counted as absence, no file would be blocked and every project would be unknown."""
    server.storage.reset()
    async with ReaderSite(server.url, server.storage).open_reader() as reader:
        for act in (read, read_if_changed, open_and_read):
            with pytest.raises(Unavailable, match="bucket does not exist"):
                await act(reader)


async def test_many_downloads_go_on_side_by_side(site: ReaderSite) -> None:
    site.put("a", BIG)

    async with site.open_reader() as reader:
        downloads = [await reader.open("a") for _ in range(20)]  # more than can wait for a response
        assert set(await asyncio.gather(*map(read_all, downloads))) == {BIG}


# costs


@pytest.mark.parametrize("act", [read, read_if_changed, open_and_read])
async def test_each_is_one_operation(strict: ReaderSite, storage: FakeStorage, act: Act) -> None:
    strict.put("a", BIG)
    async with strict.open_reader() as reader:
        await act(reader)
    assert storage.counts.requests == {"objects.download": 1}


@pytest.mark.parametrize("size", [1_000, 50_000, 100_000, 200_000])
@pytest.mark.parametrize("act", [read, open_and_read])
async def test_an_idle_connection_is_used_again(
    strict: ReaderSite, storage: FakeStorage, act: Act, size: int
) -> None:
    """Use the connection again although its last body was read after its end had arrived.

    aiohttp's ``sock_read`` breaks such a connection. Version 3.14.5 corrects a part of the defect:
    https://github.com/aio-libs/aiohttp/issues/12953
    """
    strict.put("a", BIG[:size])
    for timeout in (0.2, 2, 20):  # a busy machine exceeds the first ones and repeats requests
        storage.counts.clear()
        async with strict.open_reader(timeout=timeout) as reader:
            with suppress(Unavailable):
                await act(reader)
                await asyncio.sleep(1.5 * timeout)
                await act(reader)
        if storage.counts.requests == {"objects.download": 2}:
            return
    assert storage.counts.requests == {"objects.download": 2}


# errors


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, PermissionDenied), (403, PermissionDenied), (400, Unavailable), (501, Unavailable)],
)
@pytest.mark.parametrize("act", [read, read_if_changed, open_and_read])
async def test_a_refusal_is_translated_without_retry(
    strict: ReaderSite, storage: FakeStorage, act: Act, status: int, expected: type[CloudError]
) -> None:
    strict.put("a", b"1")
    storage.faults.add(Fault(status=status, times=None))
    async with strict.open_reader() as reader:
        with pytest.raises(expected, match=f"gs://bucket/a: {status} "):
            await act(reader)
    assert storage.counts.requests == {"objects.download": 1}


@pytest.mark.parametrize("kind", ["error", "reset", "hang"])
@pytest.mark.parametrize("act", [read, read_if_changed, open_and_read])
async def test_a_lasting_failure_is_unavailable(
    strict: ReaderSite, storage: FakeStorage, act: Act, kind: str
) -> None:
    strict.put("a", b"1")
    storage.faults.add(Fault.from_json({"kind": kind, "times": None, "seconds": 5.0}))
    async with strict.open_reader(timeout=0.5) as reader:
        with pytest.raises(Unavailable, match="gs://bucket/a: "):
            await act(reader)


# retries


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("act", [read, read_if_changed, open_and_read])
async def test_a_transient_failure_is_retried(
    strict: ReaderSite, storage: FakeStorage, act: Act, status: int
) -> None:
    strict.put("a", b"1")
    fault = storage.faults.add(Fault(status=status, times=2))
    async with strict.open_reader() as reader:
        await act(reader)
    assert fault.times == 0


@pytest.mark.parametrize("act", [read, read_if_changed, open_and_read])
async def test_a_broken_connection_is_retried(
    strict: ReaderSite, storage: FakeStorage, act: Act
) -> None:
    strict.put("a", b"1")
    fault = storage.faults.add(Fault("reset", times=2))
    async with strict.open_reader() as reader:
        await act(reader)
    assert fault.times == 0


@pytest.mark.parametrize("sent", [0, 1, 1_000_000])
async def test_a_broken_read_is_whole(strict: ReaderSite, storage: FakeStorage, sent: int) -> None:
    generation = strict.put("a", BIG)
    storage.faults.add(Fault("truncate", after_bytes=sent, times=2))
    async with strict.open_reader() as reader:
        assert await reader.read("a") == StoredObject(generation, BIG)


@pytest.mark.parametrize("sent", [0, 1, 1_000_000])
@pytest.mark.parametrize("start", [0, 5])
async def test_a_broken_download_is_resumed(
    strict: ReaderSite, storage: FakeStorage, sent: int, start: int
) -> None:
    strict.put("a", BIG)
    fault = storage.faults.add(Fault("truncate", after_bytes=sent, times=3))
    async with strict.open_reader() as reader:
        assert await read_all(await reader.open("a", start=start)) == BIG[start:]
    assert fault.times == 0


async def test_a_broken_download_is_never_resumed_with_other_bytes(
    strict: ReaderSite, storage: FakeStorage
) -> None:
    strict.put("a", BIG)
    storage.faults.add(Fault("truncate", after_bytes=1_000_000))
    async with strict.open_reader() as reader:
        download = await reader.open("a")
        strict.put("a", BIG[::-1])
        with pytest.raises(NotFound):
            await read_all(download)


async def test_a_download_that_cannot_be_resumed_fails(
    strict: ReaderSite, storage: FakeStorage
) -> None:
    strict.put("a", BIG)
    storage.faults.add(Fault("truncate", after_bytes=0, times=None))
    async with strict.open_reader(timeout=2) as reader:
        download = await reader.open("a")
        with pytest.raises(Unavailable, match="gs://bucket/a: "):
            await read_all(download)


# limits


async def test_a_queued_request_fails_after_the_timeout(
    strict: ReaderSite, storage: FakeStorage
) -> None:
    strict.put("a", b"1")
    # On a busy machine the second request is sent too, or the first one again.
    storage.faults.add(Fault("hang", seconds=5, times=None))
    async with strict.open_reader(timeout=0.4, concurrency=1) as reader:
        reads = (reader.read("a"), reader.read("a"))
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]


async def test_an_unread_download_does_not_block_requests(strict: ReaderSite) -> None:
    strict.put("a", BIG)
    async with strict.open_reader(concurrency=1) as reader:
        slow = [await reader.open("a") for _ in range(3)]
        assert await reader.read("a") is not None
        for download in slow:
            await download.aclose()


# invalid responses


@asynccontextmanager
async def serve(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    *,
    timeout: float = 20,
) -> AsyncIterator[Reader]:
    """Yield a reader of a server that runs ``answer`` for each connection."""

    async def answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer_and_close, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connections = StorageSession(f"127.0.0.1:{port}", None, concurrency=8, timeout=timeout)
    async with server:
        try:
            yield StorageReader(connections, "bucket")
        finally:
            await connections.close()


def create_head(length: int, *fields: str) -> bytes:
    lines = [
        "HTTP/1.1 200 OK",
        "x-goog-generation: 7",
        f"content-length: {length}",
        *fields,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


async def test_closing_a_download_closes_its_connection_at_once() -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(create_head(10**9) + b"x" * 1000)
        await reader.read()
        gone.set()

    async with serve(answer) as reader:
        download = await reader.open("a")
        assert await anext(aiter(download)) == b"x" * 1000
        await download.aclose()
        await asyncio.wait_for(gone.wait(), 60)


async def test_unread_bytes_stay_with_the_server() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(create_head(10**9))
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            try:
                await asyncio.wait_for(writer.drain(), 0.2)
            except (TimeoutError, ConnectionError):
                return

    async with serve(answer) as reader, aclosing(await reader.open("a")) as download:
        await asyncio.sleep(0.5)
        assert len(await anext(aiter(download))) <= 1024 * 1024


@pytest.mark.parametrize(
    "second",
    [
        create_head(10) + b"0123456789",
        create_head(5, "x-goog-stored-content-length: 10") + b"01234",
        create_head(5, "content-range: bytes 5-9/10").replace(b": 7", b": 8") + b"56789",
    ],
    ids=["the whole again", "another part", "another generation"],
)
async def test_a_rest_that_does_not_fit_is_never_returned(second: bytes) -> None:
    answers = iter([create_head(10) + b"01234", second])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))

    async with serve(answer) as reader:
        with pytest.raises(Unavailable, match="does not fit"):
            await read_all(await reader.open("a"))


async def test_a_stalled_download_is_resumed() -> None:
    rest = "HTTP/1.1 206 Partial Content\r\nx-goog-generation: 7\r\ncontent-length: 5\r\n"
    rest += "content-range: bytes 5-9/10\r\n\r\n56789"
    is_cut = False

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_cut
        request = await reader.readuntil(b"\r\n\r\n")
        is_rest = b"bytes=5-" in request
        writer.write(rest.encode() if is_rest else create_head(10) + b"01234")
        await reader.read()
        is_cut = True

    async with serve(answer, timeout=3) as reader:  # for the rest on a busy machine
        download = await reader.open("a")
        assert await read_all(download) == b"0123456789"
        assert is_cut
        left = weakref.ref(download)
        del download
    gc.collect()
    assert left() is None


async def test_more_bytes_than_announced_are_an_error() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(create_head(10, "x-goog-stored-content-length: 5") + b"0123456789")

    async with serve(answer) as reader:
        with pytest.raises(Unavailable, match="more than 5 bytes"):
            await read_all(await reader.open("a"))


@pytest.mark.parametrize("status", [206, 304, 416])
async def test_a_response_with_an_unexpected_status_is_an_error(status: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} What\r\ncontent-length: 0\r\n\r\n".encode())

    async with serve(answer, timeout=2) as reader:  # for the first answer on a busy machine
        with pytest.raises(Unavailable, match=f"{status} to a "):
            await reader.read("a")
        if status == 416:
            with pytest.raises(Unavailable, match="416 to a request without a range"):
                await reader.open("a", start=5)


async def test_a_redirect_is_not_followed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")

    async with serve(answer) as reader:
        with pytest.raises(Unavailable, match="302"):
            await reader.read("a")
