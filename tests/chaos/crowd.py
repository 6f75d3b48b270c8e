"""Many clients of one proxy: idle, slow and leaving clients, and regular clients among them."""

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

from testing.services.proxy_processes import LARGE, PAGE, ProxyProcesses, make_contents

CLIENTS = 8
"""Regular clients."""
SLOW_READ, SLOW_PAUSE = 4096, 0.05
"""Bytes per read and seconds between two reads: 80 kB per second."""


@dataclass
class ClientResults:
    """Results of the regular clients."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Number of responses by address and outcome."""
    slowest: float = 0.0
    """Longest time of a page, in seconds."""

    def find_outcomes(self, *addresses: str) -> set[str]:
        """Return the distinct outcomes of some addresses; of all addresses if none is given."""
        return {
            outcome for address, outcome in self.answers if not addresses or address in addresses
        }


@asynccontextmanager
async def open_session(on: ProxyProcesses) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        on.url,
        connector=aiohttp.TCPConnector(limit=0, socket_factory=_create_small_socket),
        headers={"Authorization": on.authorization, "Accept": "text/html, */*"},
        timeout=aiohttp.ClientTimeout(total=None, sock_read=60),
        auto_decompress=False,
        read_bufsize=16 * 1024,
    ) as opened:
        yield opened


def _create_small_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Create a socket with a small receive buffer."""
    family, kind, protocol, _, _ = address
    small = socket.socket(family, kind, protocol)
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    small.setblocking(False)
    return small


@asynccontextmanager
async def run_clients(
    client: aiohttp.ClientSession, addresses: Sequence[str]
) -> AsyncIterator[ClientResults]:
    """Run regular clients, which request the addresses in turn, until the end of the block."""
    results, is_over = ClientResults(), asyncio.Event()
    tasks = [
        asyncio.create_task(_send_requests(client, addresses, results, is_over))
        for _ in range(CLIENTS)
    ]
    try:
        yield results
    finally:
        is_over.set()
        await asyncio.gather(*tasks)


@contextmanager
def run_clients_in_thread(on: ProxyProcesses, addresses: Sequence[str]) -> Iterator[ClientResults]:
    """Run regular clients in a thread until the end of the block."""
    is_over = threading.Event()

    async def run() -> None:
        async with open_session(on) as client, run_clients(client, addresses) as results:
            started.set_result(results)
            await asyncio.to_thread(is_over.wait)

    started: Future[ClientResults] = Future()
    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield started.result(timeout=600)
    finally:
        is_over.set()
        thread.join()


async def _send_requests(
    client: aiohttp.ClientSession,
    addresses: Sequence[str],
    results: ClientResults,
    is_over: asyncio.Event,
) -> None:
    for address in cycle(addresses):
        if is_over.is_set():
            break
        started = perf_counter()
        results.answers[address, await fetch_outcome(client, address)] += 1
        if address == PAGE:
            results.slowest = max(results.slowest, perf_counter() - started)
        await asyncio.sleep(0.02)


async def fetch_outcome(client: aiohttp.ClientSession, address: str) -> str:
    """Send a request; return its outcome.

    An outcome is ``right``, ``wrong``, ``broken`` (an incomplete response that every client
    detects), or a status. For 503 the outcome depends on ``Retry-After``.
    """
    try:
        async with client.get(address) as answer:
            body = await answer.read()
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, OSError):
        return "broken"
    if answer.status == 503:
        return "503" if answer.headers.get("retry-after") == "2" else "503 without Retry-After"
    if answer.status != 200:
        return str(answer.status)
    return "right" if body == make_contents()[address] else "wrong"


@contextmanager
def hold_idle_connections(on: ProxyProcesses, count: int) -> Iterator[None]:
    """Hold connections without requests; every second connection was used once before."""
    parts = urlsplit(on.url)
    with ExitStack() as stack:
        for number in range(count):
            opened = socket.create_connection((parts.hostname, parts.port), timeout=60)
            stack.enter_context(opened)
            if number % 2:
                opened.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
                assert opened.recv(4096).startswith(b"HTTP/1.1 200")
        yield


@asynccontextmanager
async def run_slow_clients(client: aiohttp.ClientSession, count: int) -> AsyncIterator[None]:
    """Run clients that read the large file slowly, from the answer to the last one.

    Check the bytes that each received.
    """
    begun = [asyncio.Event() for _ in range(count)]
    tasks = [asyncio.create_task(_read_slowly(client, each)) for each in begun]
    try:
        await asyncio.gather(*(each.wait() for each in begun))
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * count, Counter(map(repr, ends))


async def _read_slowly(client: aiohttp.ClientSession, begun: asyncio.Event) -> None:
    position, data = 0, memoryview(make_contents()[LARGE])
    try:
        async with client.get(LARGE) as answer:
            begun.set()
            answer.raise_for_status()
            async for chunk in answer.content.iter_chunked(SLOW_READ):
                assert chunk == data[position : position + len(chunk)]
                position += len(chunk)
                await asyncio.sleep(SLOW_PAUSE)
    finally:
        begun.set()  # without an answer too


async def leave_download(client: aiohttp.ClientSession) -> None:
    """Request the large file and close the connection after a part of it."""
    async with client.get(LARGE) as answer:
        assert answer.status == 200
        await answer.content.readexactly(1_000_000)
        answer.close()
