"""Throughput and CPU of three Cloud Storage clients that the proxy could use.

    python -m benchmarks.read.storage_clients [--rounds 3]

They read from fake-gcs-server in memory on the loopback, which shares the machine: compare the
ratios, not the figures. Each round runs every client; the results are medians. ``obstore`` is
measured if it is installed. The decision is docs/adr/0005.
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
from functools import partial
from importlib.util import find_spec
from statistics import median
from urllib.request import Request, urlopen

import uvloop
from google.cloud.storage import Client

from cloud.reader import StorageReader, StorageSession
from cloud.storage import CHUNK
from testing.fakes.fake_gcs_server import run_fake_gcs
from testing.processes import exit_at_sigterm

SMALL, LARGE = 20_000, 50_000_000
AT_A_TIME = 16

Read = Callable[[str], Awaitable[int]]
"""Function that reads an object and returns its size."""


@dataclass(frozen=True)
class StorageClient:
    """Two functions: read a small object whole, and a large one in chunks."""

    module: str
    small: Read
    large: Read


def make_library_client() -> StorageClient:
    """Return google-cloud-storage in threads, with 4 MiB in memory at a time.

    The proxy used it before.
    """
    bucket, threads = Client(project="p").bucket("bucket"), ThreadPoolExecutor(32)

    async def read_small(name: str) -> int:
        blob = bucket.blob(name)
        read = partial(blob.download_as_bytes, raw_download=True)
        return len(await asyncio.get_running_loop().run_in_executor(threads, read))

    async def read_large(name: str) -> int:
        loop, size = asyncio.get_running_loop(), 0
        blob = bucket.blob(name)
        await loop.run_in_executor(threads, blob.reload)
        for first in range(0, blob.size, CHUNK):
            last = min(first + CHUNK, blob.size) - 1
            read = partial(blob.download_as_bytes, start=first, end=last, raw_download=True)
            size += len(await loop.run_in_executor(threads, read))
        return size

    return StorageClient("google.cloud.storage", read_small, read_large)


def make_aiohttp_client(storage: StorageSession) -> StorageClient:
    """Return aiohttp, as ``cloud.reader`` uses it."""
    reader = StorageReader(storage, "bucket")

    async def read_small(name: str) -> int:
        return len((await reader.read(name)).data)

    async def read_large(name: str) -> int:
        async with aclosing(await reader.open(name)) as chunks:
            return sum([len(chunk) async for chunk in chunks])

    return StorageClient("aiohttp", read_small, read_large)


def make_obstore_client(url: str) -> StorageClient:
    """Return obstore, which is written in Rust and has its own threads."""
    import obstore
    from obstore.store import GCSStore

    key = {"gcs_base_url": url, "disable_oauth": True}
    key |= {"client_email": "", "private_key": "", "private_key_id": ""}
    store = GCSStore(
        "bucket",
        config={"service_account_key": json.dumps(key)},
        client_options={"allow_http": True},
    )

    async def read_small(name: str) -> int:
        return len(await (await obstore.get_async(store, name)).bytes_async())

    async def read_large(name: str) -> int:
        result = await obstore.get_async(store, name)
        return sum([len(chunk) async for chunk in result.stream(min_chunk_size=65536)])

    return StorageClient("obstore", read_small, read_large)


async def measure(client: StorageClient) -> Mapping[str, float]:
    """Measure one round of one client."""
    await read_many(client.small, "small", SMALL, 64)
    seconds, cpu = await time_work(read_many(client.small, "small", SMALL, 1000))
    one, one_cpu = await time_work(read_many(client.large, "large", LARGE, 4, 1))
    four, _ = await time_work(read_many(client.large, "large", LARGE, 8, 4))
    return {
        "20 kB, requests/s": 1000 / seconds,
        "20 kB, CPU us": cpu * 1000,
        "50 MB, MB/s": 4 * LARGE / one / 1e6,
        "50 MB, CPU ms": one_cpu * 1000 / 4,
        "4 x 50 MB, MB/s": 8 * LARGE / four / 1e6,
    }


async def read_many(
    read: Read, name: str, size: int, times: int, at_a_time: int = AT_A_TIME
) -> None:
    """Read an object ``times`` times, ``at_a_time`` at once."""
    left = iter(range(times))

    async def work() -> None:
        for _ in left:
            if await read(name) != size:
                raise ValueError(f"{name} is not {size} bytes")

    await asyncio.gather(*(work() for _ in range(at_a_time)))


async def time_work(work: Awaitable[None]) -> tuple[float, float]:
    """Return the seconds of time and of the CPU of this process."""
    started, cpu = time.perf_counter(), _read_cpu_seconds()
    await work
    return time.perf_counter() - started, _read_cpu_seconds() - cpu


def _read_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def time_import(module: str) -> float:
    """Return the seconds to import a module in a new process, without the start of Python."""

    def run(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - fixed code
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
    """Measure in turns and print the medians, with the ratio to the first client."""
    storage = StorageSession(url, None, concurrency=32, timeout=10)
    clients = {"library": make_library_client(), "aiohttp": make_aiohttp_client(storage)}
    if find_spec("obstore"):
        clients["obstore"] = make_obstore_client(url)
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        for name, client in clients.items():
            for metric, value in (await measure(client)).items():
                seen[metric][name].append(value)
    await storage.close()
    for name, client in clients.items():
        seen["import, ms"][name] = [time_import(client.module) * 1000]
    print(f"{'':<20}" + "".join(f"{name:>20}" for name in clients))
    for metric, values in seen.items():
        first = median(values["library"])
        cells = (f"{median(v):.0f} ({median(v) / first:.2f})" for v in values.values())
        print(f"{metric:<20}" + "".join(f"{cell:>20}" for cell in cells))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with run_fake_gcs() as url:
        os.environ["STORAGE_EMULATOR_HOST"] = url  # the only setting of the library
        fill(url)
        uvloop.run(compare(url, rounds))


if __name__ == "__main__":
    exit_at_sigterm()
    main()
