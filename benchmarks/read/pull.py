"""The proxy's memory while 50 clients pull files that are larger than it may hold.

    python -m benchmarks.read.pull [--mebibytes 200]

Each client downloads the 50 MB wheel again and again until it has so many bytes.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import uvloop

from benchmarks.harness.ground import ground, proxy
from benchmarks.harness.server import Ask, Server
from benchmarks.harness.site import make
from testing.processes import exit_at_sigterm

CLIENTS = 50
MOST = 128
"""MiB."""


async def pull(server: Server, wanted: int) -> tuple[float, int]:
    """Return the peak in MiB, and the bytes that came in all."""
    ask, peak = server.asks["50 MB wheel"], server.mebibytes()
    timeout, connector = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        clients = [asyncio.create_task(_client(session, ask, wanted)) for _ in range(CLIENTS)]
        while not all(client.done() for client in clients):
            await asyncio.sleep(0.2)
            peak = max(peak, server.mebibytes())
        return peak, sum([await client for client in clients])


async def _client(session: aiohttp.ClientSession, ask: Ask, wanted: int) -> int:
    received = 0
    while received < wanted:
        async with session.get(ask.url, headers=ask.headers) as answer:
            answer.raise_for_status()
            async for chunk in answer.content.iter_any():
                received += len(chunk)
    return received


def main() -> int:
    """Print the peak; return 1 if it is too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=200)
    wanted = parser.parse_args().mebibytes * 2**20
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        on = stack.enter_context(ground(directory, make(directory / "site")))
        peak, received = uvloop.run(pull(stack.enter_context(proxy(on)), wanted))
    print(f"{CLIENTS} clients, {received / 2**30:.1f} GiB: {peak:.0f} MiB at most (goal {MOST})")
    return 1 if peak > MOST else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
