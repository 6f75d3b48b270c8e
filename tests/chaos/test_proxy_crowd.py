"""Process of the proxy with idle, slow and leaving clients: right responses and no leak.

``CHAOS=full`` (``make chaos``) selects the full size. File descriptors, threads and resident memory
of the process are measured from outside and printed with ``-s``. glibc returns only a part of freed
memory to the kernel. So the test detects a leak by the growth from the first to the fourth crowd;
it ignores the memory after a crowd.
"""

import asyncio
import os
import resource
from collections.abc import Iterator
from dataclasses import astuple, dataclass

import pytest

from chaos.crowd import (
    CLIENTS,
    ClientResults,
    hold_idle_connections,
    leave_download,
    open_session,
    run_clients,
    run_slow_clients,
)
from testing.processes.restartable import ResourceUsage
from testing.services.proxy_processes import CACHED, LARGE, ProxyProcesses, run_proxy, wait_until


@dataclass(frozen=True)
class CrowdSize:
    """Number of clients of a crowd."""

    idle: int
    slow: int
    seconds: float
    """Duration of a crowd."""


FULL = CrowdSize(idle=2000, slow=200, seconds=10)
SMALL = CrowdSize(idle=200, slow=20, seconds=1.5)
SIZE = FULL if os.environ.get("CHAOS") == "full" else SMALL
ROUNDS = 4
LEAVING = 100
POOLED = CLIENTS + 4
"""Connections to storage that stay open some seconds for the next request."""
IDLE_CLIENT, SLOW_CLIENT, OVERHEAD = 0.01, 0.75, 24
"""Memory in MiB. A slow client needs two buffers of 250 kB, in uvicorn and in aiohttp."""
GROWTH = 12
"""Accepted growth between two crowds, in MiB; one more connection per client would need 14."""


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcesses]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * (SIZE.idle + 2 * SIZE.slow)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"needs {wanted} file descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with run_proxy(tmp_path_factory.mktemp("crowd"), STORAGE_TIMEOUT="10") as started:
        yield started
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_idle_and_slow_clients_block_no_client_and_leak_nothing(on: ProxyProcesses) -> None:
    asyncio.run(_run_crowd(on, CrowdSize(idle=CLIENTS, slow=CLIENTS, seconds=0.5)))
    before, peaks, left = on.proxy.measure(), [], []
    for _ in range(ROUNDS):
        results, peak = asyncio.run(_run_crowd(on, SIZE))
        peaks.append(peak)
        left.append(_measure_after(on, before))
        print(f"\nbefore: {before}; peak: {peak}; left: {left[-1]}", end="")
        print(
            f"; {results.answers.total()} answers, a page in {results.slowest:.2f} s at most",
            end="",
        )
        assert results.find_outcomes() == {"right"}
        assert peak.descriptors >= before.descriptors + SIZE.idle + 2 * SIZE.slow - POOLED
        limit = IDLE_CLIENT * SIZE.idle + SLOW_CLIENT * SIZE.slow + OVERHEAD
        assert peak.mebibytes < before.mebibytes + limit
    assert left[-1].threads <= left[0].threads
    assert peaks[-1].mebibytes < peaks[0].mebibytes + GROWTH


def test_clients_that_leave_in_the_middle_of_a_file_leak_nothing(on: ProxyProcesses) -> None:
    logged = len(_find_incomplete(on))
    asyncio.run(_leave(on, CLIENTS))
    wait_until(
        lambda: len(_find_incomplete(on)) >= logged + CLIENTS, "the log has all ended requests"
    )
    before = on.proxy.measure()
    storage = on.storage.measure().descriptors
    asyncio.run(_leave(on, LEAVING))
    left = _measure_after(on, before)
    print(f"\nbefore: {before}; left: {left}", end="")
    ended = logged + CLIENTS + LEAVING
    wait_until(lambda: len(_find_incomplete(on)) >= ended, "the log has all ended requests")
    wait_until(
        lambda: on.storage.measure().descriptors <= storage + POOLED,
        "connections to storage are closed",
    )
    assert left.mebibytes < before.mebibytes + GROWTH


async def _run_crowd(on: ProxyProcesses, size: CrowdSize) -> tuple[ClientResults, ResourceUsage]:
    """Run a crowd; return the results of regular clients and the peak usage of the proxy."""
    readings = []
    async with (
        open_session(on) as client,
        run_clients(client, [*CACHED, LARGE]) as results,
        run_slow_clients(client, size.slow),
    ):
        # The proxy closes an idle connection after 5 s, so these clients come last.
        with hold_idle_connections(on, size.idle):
            for _ in range(int(size.seconds / 0.1)):
                await asyncio.sleep(0.1)
                readings.append(on.proxy.measure())
    return results, ResourceUsage(*map(max, zip(*map(astuple, readings), strict=True)))


async def _leave(on: ProxyProcesses, times: int) -> None:
    async with open_session(on) as client:
        for _ in range(times):
            await leave_download(client)


def _measure_after(on: ProxyProcesses, before: ResourceUsage) -> ResourceUsage:
    """Wait until the connections are closed; return the usage of the proxy."""
    most = before.descriptors + POOLED
    wait_until(lambda: on.proxy.measure().descriptors <= most, "the connections are closed")
    return on.proxy.measure()


def _find_incomplete(on: ProxyProcesses) -> list[object]:
    lines = on.read_log("proxy.http.access_log")
    return [line for line in lines if line.get("incomplete") and line["path"] == LARGE]
