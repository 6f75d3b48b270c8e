"""Speed of reading 50 MB from the storage server without the proxy."""

import asyncio
import time
from contextlib import aclosing

import uvloop

from benchmarks.harness.server_process import LARGE_WHEEL, Target
from cloud.reader import StorageReader, StorageSession
from local import topology
from proxy.memory import reuse_memory

AT_A_TIME = 4
SECONDS = 1.0


def measure_client(storage: str) -> float:
    """Return the megabytes a second of the proxy's own client.

    It reads four streams at a time, as wrk reads from the proxy.
    """
    reuse_memory()
    return uvloop.run(_read(storage))


def make_storage_target(storage: str) -> Target:
    """Return the request for the same file from the storage server, for wrk."""
    name = f"/storage/v1/b/{topology.PACKAGES}/o/{LARGE_WHEEL}?alt=media"
    return Target(storage + name, {})


async def _read(url: str) -> float:
    storage, size = StorageSession(url, None, concurrency=32, timeout=10), 0
    reader = StorageReader(storage, topology.PACKAGES)
    started = time.perf_counter()

    async def work() -> None:
        nonlocal size
        while time.perf_counter() - started < SECONDS:
            async with aclosing(await reader.open(LARGE_WHEEL)) as chunks:
                async for chunk in chunks:
                    size += len(chunk)

    await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
    elapsed = time.perf_counter() - started
    await storage.close()
    return size / elapsed / 1e6
