"""Loads on the services for clients: the proxy and the upload service."""

import asyncio
import itertools
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import aiohttp

from benchmarks.load.load_result import AnswerCounts, LoadResult, read_limits
from benchmarks.load.loaded_service import LoadedService, send_all
from benchmarks.publish.upload_memory import prepare_large_upload
from testing.fakes.small_wheels import build_wheel
from testing.services.proxy_processes import (
    CACHED,
    COLD,
    LARGE,
    PAGE,
    HttpResponse,
    ProxyProcesses,
    run_proxy,
)
from testing.services.upload_processes import UploadProcesses, read_response

LARGE_EVERY = 200
"""Of so many requests to the proxy, one is for a file of 50 MB."""
STANDARD = {"CACHE_TTL": "2", "BLOCKED_REFRESH": "5", "TOKENS_REFRESH": "30"}
"""Settings of production, instead of those of the tests."""


def load_proxy(folder: Path, connections: int, seconds: float) -> LoadResult:
    """Send requests on many connections at the same time, each as fast as it is answered."""
    with allow_descriptors(2 * connections + 500), run_proxy(folder, **STANDARD) as processes:
        service = LoadedService("proxy", processes.proxy.process.pid, partial(processes.get, PAGE))
        return service.measure(
            f"{connections:,} connections with requests, {seconds:.0f} s",
            lambda answers: asyncio.run(_send_requests(processes, connections, seconds, answers)),
        )


@contextmanager
def allow_descriptors(count: int) -> Iterator[None]:
    """Raise the limit of open descriptors of this process and its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise RuntimeError(f"the load needs {count} file descriptors, and ulimit -Hn is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _send_requests(
    processes: ProxyProcesses, connections: int, seconds: float, answers: AnswerCounts
) -> None:
    small = [*CACHED, *(address for pair in COLD for address in pair)]
    addresses = itertools.cycle([LARGE, *itertools.islice(itertools.cycle(small), LARGE_EVERY)])
    end = time.monotonic() + seconds
    async with aiohttp.ClientSession(
        processes.url,
        connector=aiohttp.TCPConnector(limit=0),
        headers={"Authorization": processes.authorization, "Accept": "text/html, */*"},
        timeout=aiohttp.ClientTimeout(total=None, sock_read=120),
    ) as session:

        async def send() -> None:
            await _send_one(session, next(addresses), answers)  # on a slow machine after the end
            while time.monotonic() < end:
                await _send_one(session, next(addresses), answers)

        await asyncio.gather(*(send() for _ in range(connections)))


async def _send_one(session: aiohttp.ClientSession, address: str, answers: AnswerCounts) -> None:
    try:
        async with session.get(address) as answer:
            async for _ in answer.content.iter_any():
                pass
            answers.add(answer.status, answer.headers.get("retry-after"))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        answers.statuses[type(error).__name__] += 1


def load_upload(folder: Path, uploads: int, mebibytes: int) -> LoadResult:
    """Send large wheels at the same time. The storage drops the bytes."""
    with prepare_large_upload(folder, mebibytes) as upload:

        def send() -> HttpResponse:
            return parse_response(upload.send())

        pid = upload.processes.service.process.pid
        service = LoadedService("upload", pid, partial(_probe, upload.processes))
        concurrency = read_limits("upload").concurrency
        return service.measure(
            f"{uploads} uploads of {mebibytes} MiB at the same time"
            f" (Cloud Run passes on {concurrency})",
            partial(send_all, [send] * uploads, uploads),
        )


def _probe(processes: UploadProcesses) -> HttpResponse:
    with processes.connect() as client:
        client.sendall(processes.encode_request("small-1.0-py3-none-any.whl", build_wheel("small")))
        return parse_response(read_response(client))


def parse_response(data: bytes) -> HttpResponse:
    """Return a response from its bytes.

    :raises ConnectionError: if there is none.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/1.1 "):
        raise ConnectionError(f"no response: {data[:100]!r}")
    fields = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    return HttpResponse(int(first.split()[1]), fields.get("retry-after"), body)
