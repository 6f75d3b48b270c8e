"""How fast 50 MB are read from the storage server without the proxy: by its own client, by wrk."""

import asyncio
import time
from contextlib import aclosing

import uvloop

from benchmarks.harness.server import LARGE_WHEEL, Ask
from cloud.reader import Storage, StorageReader
from local import layout
from proxy.memory import reuse_memory

AT_A_TIME = 4
SECONDS = 1.0


def megabytes(storage: str) -> float:
    """Megabytes a second, four streams at a time, as wrk asks the proxy."""
    reuse_memory()
    return uvloop.run(_read(storage))


def straight(storage: str) -> Ask:
    """The same file, asked of the storage server by whoever measures."""
    name = f"/storage/v1/b/{layout.PACKAGES}/o/{LARGE_WHEEL}?alt=media"
    return Ask(storage + name, {})


async def _read(url: str) -> float:
    storage, size = Storage(url, None, concurrency=32, timeout=10), 0
    reader = StorageReader(storage, layout.PACKAGES)
    started = time.perf_counter()

    async def work() -> None:
        nonlocal size
        while time.perf_counter() - started < SECONDS:
            async with aclosing(await reader.open(LARGE_WHEEL)) as chunks:
                async for chunk in chunks:
                    size += len(chunk)

    await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
    took = time.perf_counter() - started
    await storage.close()
    return size / took / 1e6
