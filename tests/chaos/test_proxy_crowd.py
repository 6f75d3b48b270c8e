"""The proxy's process among idle, slow and leaving clients: every answer right, and nothing left.

``CHAOS=full`` (``make chaos``) runs it at the size that the issue names. What is measured, and
printed with ``-s``, is the process of the proxy, from outside: file descriptors, threads and
resident memory. Of what glibc had from the kernel it gives back some or none, by where it lies; so
what shows a leak is how much the same crowd takes the fourth time, not what is left after it.
"""

import asyncio
import os
import resource
from collections.abc import Iterator
from dataclasses import astuple, dataclass

import pytest

from chaos.crowd import ORDINARY, Seen, idle, leave, ordinary, session, slow
from testing.processes.part import Reading
from testing.services.proxied import CACHED, LARGE, Proxied, eventually, running


@dataclass(frozen=True)
class Size:
    idle: int
    slow: int
    seconds: float
    """How long a crowd stays."""


FULL = Size(idle=2000, slow=200, seconds=10)
SMALL = Size(idle=200, slow=20, seconds=1.5)
SIZE = FULL if os.environ.get("CHAOS") == "full" else SMALL
ROUNDS = 4
LEAVING = 100
POOLED = ORDINARY + 4
"""Connections to storage that are kept some seconds for the next request."""
AN_IDLE_CLIENT, A_SLOW_ONE, THE_REST = 0.01, 0.75, 24
"""MiB. A slow one takes two gulps of 250 kB: one in uvicorn, the next in aiohttp."""
GROWTH = 12
"""MiB by which two crowds may differ; one more connection a client would be 14."""


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * (SIZE.idle + 2 * SIZE.slow)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"needs {wanted} file descriptors, and may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with running(tmp_path_factory.mktemp("crowd"), STORAGE_TIMEOUT="10") as started:
        yield started
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_idle_and_slow_clients_hinder_nobody_and_leave_nothing(on: Proxied) -> None:
    asyncio.run(_crowd(on, Size(idle=ORDINARY, slow=ORDINARY, seconds=0.5)))
    before, peaks, left = on.proxy.reading(), [], []
    for _ in range(ROUNDS):
        seen, peak = asyncio.run(_crowd(on, SIZE))
        peaks.append(peak)
        left.append(_left(on, before))
        print(f"\nbefore: {before}; peak: {peak}; left: {left[-1]}", end="")
        print(f"; {seen.answers.total()} answers, a page in {seen.slowest:.2f} s at most", end="")
        assert seen.outcomes() == {"right"}
        assert peak.descriptors >= before.descriptors + SIZE.idle + 2 * SIZE.slow - POOLED
        may = AN_IDLE_CLIENT * SIZE.idle + A_SLOW_ONE * SIZE.slow + THE_REST
        assert peak.mebibytes < before.mebibytes + may
    assert left[-1].threads <= left[0].threads
    assert peaks[-1].mebibytes < peaks[0].mebibytes + GROWTH


def test_clients_that_leave_in_the_middle_of_a_file_leave_nothing(on: Proxied) -> None:
    logged = len(_incomplete(on))
    asyncio.run(_leave(on, ORDINARY))
    eventually(lambda: len(_incomplete(on)) >= logged + ORDINARY, "all have ended, says the log")
    before = on.proxy.reading()
    storage = on.storage.reading().descriptors
    asyncio.run(_leave(on, LEAVING))
    left = _left(on, before)
    print(f"\nbefore: {before}; left: {left}", end="")
    ended = logged + ORDINARY + LEAVING
    eventually(lambda: len(_incomplete(on)) >= ended, "all have ended, says the log")
    eventually(lambda: on.storage.reading().descriptors <= storage + POOLED, "storage is left too")
    assert left.mebibytes < before.mebibytes + GROWTH


async def _crowd(on: Proxied, size: Size) -> tuple[Seen, Reading]:
    """Let a crowd come and go; return what others saw, and the most that the proxy held."""
    readings = []
    async with session(on) as client, ordinary(client, [*CACHED, LARGE]) as seen:
        with idle(on, size.idle):
            async with slow(client, size.slow):
                for _ in range(int(size.seconds / 0.1)):
                    await asyncio.sleep(0.1)
                    readings.append(on.proxy.reading())
    return seen, Reading(*map(max, zip(*map(astuple, readings), strict=True)))


async def _leave(on: Proxied, times: int) -> None:
    async with session(on) as client:
        for _ in range(times):
            await leave(client)


def _left(on: Proxied, before: Reading) -> Reading:
    """What the proxy holds when all have gone."""
    most = before.descriptors + POOLED
    eventually(lambda: on.proxy.reading().descriptors <= most, "the connections are closed")
    return on.proxy.reading()


def _incomplete(on: Proxied) -> list[object]:
    lines = on.lines("proxy.http.access_log")
    return [line for line in lines if line.get("incomplete") and line["path"] == LARGE]
