"""Memory of the proxy while 50 clients download files larger than its limit.

    python -m benchmarks.read.pull [--mebibytes 200]

Each client downloads the 50 MB wheel repeatedly until it has the given number of bytes.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import uvloop

from benchmarks.harness.server_process import ServerProcess, Target
from benchmarks.harness.site import make_site
from benchmarks.harness.testbed import start_proxy, start_testbed
from testing.processes import exit_at_sigterm

CLIENTS = 50
MOST = 128
"""Goal in MiB."""


async def pull(server: ServerProcess, wanted: int) -> tuple[float, int]:
    """Return the peak in MiB, and the number of bytes received."""
    target, peak = server.targets["50 MB wheel"], server.read_mebibytes()
    timeout, connector = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        clients = [asyncio.create_task(_client(session, target, wanted)) for _ in range(CLIENTS)]
        while not all(client.done() for client in clients):
            await asyncio.sleep(0.2)
            peak = max(peak, server.read_mebibytes())
        return peak, sum([await client for client in clients])


async def _client(session: aiohttp.ClientSession, target: Target, wanted: int) -> int:
    received = 0
    while received < wanted:
        async with session.get(target.url, headers=target.headers) as response:
            response.raise_for_status()
            async for chunk in response.content.iter_any():
                received += len(chunk)
    return received


def main() -> int:
    """Print the peak; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=200)
    wanted = parser.parse_args().mebibytes * 2**20
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        testbed = stack.enter_context(start_testbed(directory, make_site(directory / "site")))
        peak, received = uvloop.run(pull(stack.enter_context(start_proxy(testbed)), wanted))
    print(f"{CLIENTS} clients, {received / 2**30:.1f} GiB: {peak:.0f} MiB at most (goal {MOST})")
    return 1 if peak > MOST else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
