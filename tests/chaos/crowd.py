"""Many clients of one proxy: some only connect, some read slowly, some leave, and others go on."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from urllib.parse import urlsplit

import aiohttp

from testing.services.proxied import LARGE, PAGE, Proxied, contents

ORDINARY = 8
SLOW_READ, SLOW_PAUSE = 4096, 0.05
"""80 kB a second."""


@dataclass
class Seen:
    """What ordinary clients saw."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By address and outcome."""
    slowest: float = 0.0
    """Seconds that a page took."""

    def outcomes(self, *addresses: str) -> set[str]:
        """Every kind of outcome that there was, of all addresses or of some."""
        return {what for address, what in self.answers if not addresses or address in addresses}


@asynccontextmanager
async def session(on: Proxied) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        on.url,
        connector=aiohttp.TCPConnector(limit=0, socket_factory=_narrow),
        headers={"Authorization": on.authorization, "Accept": "text/html, */*"},
        timeout=aiohttp.ClientTimeout(total=None, sock_read=60),
        auto_decompress=False,
        read_bufsize=16 * 1024,
    ) as opened:
        yield opened


def _narrow(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that takes little in advance."""
    family, kind, protocol, _, _ = address
    narrow = socket.socket(family, kind, protocol)
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    narrow.setblocking(False)
    return narrow


@asynccontextmanager
async def ordinary(client: aiohttp.ClientSession, addresses: Sequence[str]) -> AsyncIterator[Seen]:
    """Clients that ask for everything in turn, for as long as the block lasts."""
    seen, is_over = Seen(), asyncio.Event()
    tasks = [asyncio.create_task(_ask(client, addresses, seen, is_over)) for _ in range(ORDINARY)]
    try:
        yield seen
    finally:
        is_over.set()
        await asyncio.gather(*tasks)


@contextmanager
def in_the_background(on: Proxied, addresses: Sequence[str]) -> Iterator[Seen]:
    """The same clients, in a thread."""
    is_over = threading.Event()

    async def ask() -> None:
        async with session(on) as client, ordinary(client, addresses) as seen:
            started.set_result(seen)
            await asyncio.to_thread(is_over.wait)

    started: Future[Seen] = Future()
    thread = threading.Thread(target=asyncio.run, args=(ask(),))
    thread.start()
    try:
        yield started.result(timeout=30)
    finally:
        is_over.set()
        thread.join()


async def _ask(
    client: aiohttp.ClientSession, addresses: Sequence[str], seen: Seen, is_over: asyncio.Event
) -> None:
    for address in cycle(addresses):
        if is_over.is_set():
            break
        started = perf_counter()
        seen.answers[address, await outcome(client, address)] += 1
        if address == PAGE:
            seen.slowest = max(seen.slowest, perf_counter() - started)
        await asyncio.sleep(0.02)


async def outcome(client: aiohttp.ClientSession, address: str) -> str:
    """How a request ended: ``right``, ``wrong``, ``broken`` (which no client takes for a whole
    answer) or a status; of 503, whether it says when to come again.
    """
    try:
        async with client.get(address) as answer:
            body = await answer.read()
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, OSError):
        return "broken"
    if answer.status == 503:
        return "503" if answer.headers.get("retry-after") == "2" else "503 for how long?"
    if answer.status != 200:
        return str(answer.status)
    return "right" if body == contents()[address] else "wrong"


@contextmanager
def idle(on: Proxied, count: int) -> Iterator[None]:
    """Connections on which nothing is asked; every other was asked for something, and answered."""
    parts = urlsplit(on.url)
    with ExitStack() as stack:
        for number in range(count):
            opened = socket.create_connection((parts.hostname, parts.port), timeout=30)
            stack.enter_context(opened)
            if number % 2:
                opened.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
                assert opened.recv(4096).startswith(b"HTTP/1.1 200")
        yield


@asynccontextmanager
async def slow(client: aiohttp.ClientSession, count: int) -> AsyncIterator[None]:
    """Clients that read the large file slowly; what each got in the end was its beginning."""
    tasks = [asyncio.create_task(_read_slowly(client)) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * count, Counter(map(repr, ends))


async def _read_slowly(client: aiohttp.ClientSession) -> None:
    position, data = 0, memoryview(contents()[LARGE])
    async with client.get(LARGE) as answer:
        answer.raise_for_status()
        async for chunk in answer.content.iter_chunked(SLOW_READ):
            assert chunk == data[position : position + len(chunk)]
            position += len(chunk)
            await asyncio.sleep(SLOW_PAUSE)


async def leave(client: aiohttp.ClientSession) -> None:
    """Ask for the large file, and go in the middle of it."""
    async with client.get(LARGE) as answer:
        assert answer.status == 200
        await answer.content.readexactly(1_000_000)
        answer.close()
