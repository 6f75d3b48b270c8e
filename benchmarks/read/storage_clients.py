"""How the proxy could read Cloud Storage: throughput and CPU of three clients, side by side.

    python -m benchmarks.read.storage_clients [--rounds 3]

Against fake-gcs-server in memory on the loopback, which shares the machine: the ratios count, not
the figures. Each round runs every contender; the medians are printed. ``obstore`` is measured if it
is installed. What came of it: docs/adr/0005.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from urllib.request import Request, urlopen

import uvloop

from cloud.reader import Storage, StorageReader
from cloud.storage import StorageBucket, connect
from testing.fakes.fake_gcs_server import fake_gcs
from testing.processes import exit_at_sigterm

SMALL, LARGE = 20_000, 50_000_000
AT_A_TIME = 16

Read = Callable[[str], Awaitable[int]]
"""Reads an object and returns its size."""


@dataclass(frozen=True)
class Contender:
    """A way to read: a small object whole, a large one in chunks."""

    module: str
    small: Read
    large: Read


def library() -> Contender:
    """google-cloud-storage in threads, as the proxy had it at first: 4 MiB in memory at a time."""
    bucket, threads = StorageBucket(connect("p"), "bucket"), ThreadPoolExecutor(32)

    async def small(name: str) -> int:
        stored = await asyncio.get_running_loop().run_in_executor(threads, bucket.read, name)
        return len(stored.data) if stored else 0

    async def large(name: str) -> int:
        loop, size = asyncio.get_running_loop(), 0
        info = await loop.run_in_executor(threads, bucket.stat, name)
        chunks = bucket.stream(info) if info else iter(())
        while chunk := await loop.run_in_executor(threads, next, chunks, b""):
            size += len(chunk)
        return size

    return Contender("google.cloud.storage", small, large)


def ours(storage: Storage) -> Contender:
    """aiohttp, as ``cloud.reader`` uses it."""
    reader = StorageReader(storage, "bucket")

    async def small(name: str) -> int:
        return len((await reader.read(name)).data)

    async def large(name: str) -> int:
        async with aclosing(await reader.open(name)) as chunks:
            return sum([len(chunk) async for chunk in chunks])

    return Contender("aiohttp", small, large)


def rust(url: str) -> Contender:
    """obstore, which is Rust underneath, with threads of its own."""
    import obstore
    from obstore.store import GCSStore

    key = {"gcs_base_url": url, "disable_oauth": True}
    key |= {"client_email": "", "private_key": "", "private_key_id": ""}
    store = GCSStore(
        "bucket",
        config={"service_account_key": json.dumps(key)},
        client_options={"allow_http": True},
    )

    async def small(name: str) -> int:
        return len(await (await obstore.get_async(store, name)).bytes_async())

    async def large(name: str) -> int:
        found = await obstore.get_async(store, name)
        return sum([len(chunk) async for chunk in found.stream(min_chunk_size=65536)])

    return Contender("obstore", small, large)


async def measured(contender: Contender) -> Mapping[str, float]:
    """One round of one contender."""
    await many(contender.small, "small", SMALL, 64)
    seconds, cpu = await timed(many(contender.small, "small", SMALL, 1000))
    one, one_cpu = await timed(many(contender.large, "large", LARGE, 4, 1))
    four, _ = await timed(many(contender.large, "large", LARGE, 8, 4))
    return {
        "20 kB, requests/s": 1000 / seconds,
        "20 kB, CPU us": cpu * 1000,
        "50 MB, MB/s": 4 * LARGE / one / 1e6,
        "50 MB, CPU ms": one_cpu * 1000 / 4,
        "4 x 50 MB, MB/s": 8 * LARGE / four / 1e6,
    }


async def many(read: Read, name: str, size: int, times: int, at_a_time: int = AT_A_TIME) -> None:
    """Read an object many times, so many at a time."""
    left = iter(range(times))

    async def work() -> None:
        for _ in left:
            if await read(name) != size:
                raise ValueError(f"{name} is not {size} bytes")

    await asyncio.gather(*(work() for _ in range(at_a_time)))


async def timed(work: Awaitable[None]) -> tuple[float, float]:
    """Seconds of time and of this process's CPU."""
    started, cpu = time.perf_counter(), _cpu()
    await work
    return time.perf_counter() - started, _cpu() - cpu


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def import_seconds(module: str) -> float:
    """How long importing it takes in a new process, over starting one."""

    def run(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own words
        return time.perf_counter() - started

    return median(run(f"import {module}") - run("pass") for _ in range(5))


def fill(url: str) -> None:
    """Make the bucket and its two objects."""
    _post(f"{url}/storage/v1/b?project=p", b'{"name":"bucket"}')
    for name, size in (("small", SMALL), ("large", LARGE)):
        address = f"{url}/upload/storage/v1/b/bucket/o?uploadType=media&name={name}"
        _post(address, os.urandom(size))


def _post(url: str, data: bytes) -> None:
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    urlopen(request).close()  # noqa: S310 - loopback


async def compare(url: str, rounds: int) -> None:
    """Measure in turns and print the medians, with the ratio to the first contender."""
    storage = Storage(url, None, concurrency=32, timeout=10)
    contenders = {"library": library(), "aiohttp": ours(storage)}
    if find_spec("obstore"):
        contenders["obstore"] = rust(url)
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        for name, contender in contenders.items():
            for measure, value in (await measured(contender)).items():
                seen[measure][name].append(value)
    await storage.close()
    for name, contender in contenders.items():
        seen["import, ms"][name] = [import_seconds(contender.module) * 1000]
    print(f"{'':<20}" + "".join(f"{name:>20}" for name in contenders))
    for measure, values in seen.items():
        first = median(values["library"])
        cells = (f"{median(v):.0f} ({median(v) / first:.2f})" for v in values.values())
        print(f"{measure:<20}" + "".join(f"{cell:>20}" for cell in cells))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with fake_gcs() as url:
        os.environ["STORAGE_EMULATOR_HOST"] = url  # the library knows no other way
        fill(url)
        uvloop.run(compare(url, rounds))


if __name__ == "__main__":
    exit_at_sigterm()
    main()
