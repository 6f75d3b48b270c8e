"""Ten minutes of uploads and reads on the native runtime, and the trends of its resources.

    make soak

Each process of ``make local-up`` runs: all services, the relay and the stand-ins, with Cloud
Storage on disk. Uploads go into the bucket, into the bucket with a message, and to the upload
service, in turn. Reads are those of pip, uv and a browser. The rates do not depend on the speed of
the answers. Each minute prints a table of the means; ``tasks`` are unfinished asyncio tasks
(``benchmarks/soak/observed_service.py``). A project gets ten releases, and then the uploads go on
with new projects, because the memory of a service depends on the size of a project. After the first
fifth of the run a line is fitted to the means of each measure. It exits with 1 after an error,
after a slope above three times its standard error and above its bound, or if the storage keeps
bytes of no object.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from benchmarks.harness.process_resources import format_load_average
from benchmarks.soak.read_traffic import REQUESTS, ReadTraffic
from benchmarks.soak.resource_samples import MIB, DiskUsage, Period, Sampler
from benchmarks.soak.soak_runtime import SoakRuntime, run_soak_runtime
from benchmarks.soak.soak_table import (
    BOUNDS,
    find_error_lines,
    find_excesses,
    fit_trends,
    group_faults,
    render_period,
    render_trends,
)
from benchmarks.soak.traffic import TrafficCounts, pace
from benchmarks.soak.upload_traffic import PROJECTS, UploadTraffic, name_project
from local import topology
from local.stand_ins.storage.disk.small_contents import MAX_SIZE
from testing.memory_upload import encode_login
from testing.processes import exit_at_sigterm

PATIENCE = 180.0
"""Seconds after the traffic until each file must be listed, and at the start until the pages are
there."""


class Soak:
    """The traffic of one run, and its errors."""

    def __init__(self, runtime: SoakRuntime, options: argparse.Namespace) -> None:
        self._runtime, self._options = runtime, options
        self.counts = TrafficCounts()
        self.periods: list[Period] = []

    async def run(self) -> None:
        """Seed the index, run the traffic, and wait until each file is listed."""
        timeout = aiohttp.ClientTimeout(total=120)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            uploads = UploadTraffic(self._runtime, session, self.counts)
            login = encode_login(self._runtime.state.load_token())
            index = self._runtime.ports.url("proxy")
            readers = ReadTraffic(session, index, login, self.counts, uploads.readable)
            await uploads.seed()
            for number in range(PROJECTS):
                await self._await_pages(readers, name_project(number))
            await self._await_files(uploads, readers)
            await self._run_traffic(uploads, readers)
            await self._await_files(uploads, readers)

    async def _run_traffic(self, uploads: UploadTraffic, readers: ReadTraffic) -> None:
        options, seconds = self._options, self._options.minutes * 60
        sampler = Sampler(self._runtime, options.interval, options.period, self._report)
        sampler.start()
        try:
            await asyncio.gather(
                pace(options.uploads, seconds, uploads.upload_next, self.counts),
                pace(options.reads / REQUESTS, seconds, readers.read_next, self.counts),
            )
            await asyncio.sleep(options.interval)  # for the last sample of the last period
        finally:
            await asyncio.to_thread(sampler.stop)

    def _report(self, period: Period) -> None:
        self.periods.append(period)
        print(render_period(len(self.periods), period), flush=True)

    async def _await_pages(self, readers: ReadTraffic, project: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await readers.has_pages(project):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{project} has no pages after {PATIENCE:.0f} s")
            await asyncio.sleep(0.2)

    async def _await_files(self, uploads: UploadTraffic, readers: ReadTraffic) -> None:
        deadline = time.monotonic() + PATIENCE
        for project, filenames in uploads.filenames.items():
            while missing := filenames - await readers.list_files(project):
                if time.monotonic() > deadline:
                    self.counts.errors[f"{project} does not list {sorted(missing)}"] += 1
                    break
                await asyncio.sleep(0.2)


def check_disk(runtime: SoakRuntime) -> Iterator[str]:
    """Yield a sentence if the files of the storage have more bytes than its large objects.

    The small ones are in its database, which keeps the space of deleted ones.
    """
    client = runtime.clients.storage
    sizes = [
        blob.size or 0 for name in topology.BUCKETS.values() for blob in client.list_blobs(name)
    ]
    live = sum(size for size in sizes if size > MAX_SIZE)
    kept = DiskUsage.read(runtime).contents
    print(f"\nbytes of large objects: {live / MIB:.1f} MiB in listings, {kept:.1f} MiB on disk")
    if kept > live / MIB:
        yield f"the storage keeps {kept - live / MIB:.1f} MiB of deleted or replaced objects"


def main() -> int:
    """Print the tables and the verdict; return 1 if there is an error or a trend."""
    options = _parse_options()
    with tempfile.TemporaryDirectory() as folder, run_soak_runtime(Path(folder)) as runtime:
        soak = Soak(runtime, options)
        asyncio.run(soak.run())
        trends = fit_trends(soak.periods)
        print(f"\n{render_trends(trends)}" if trends else "\ntoo few periods for slopes")
        faults = [
            *check_disk(runtime),
            *soak.counts.errors.elements(),
            *find_error_lines(runtime.logs),
        ]
        excesses = list(find_excesses(trends))
    for outcome, number in sorted(soak.counts.done.items()):
        print(f"{number:,} {outcome} ({number / options.minutes / 60:.1f} a second)")
    print(format_load_average())
    bounds = ", ".join(f"{bound:g} {measure}" for measure, bound in BOUNDS.items())
    print(f"bounds per hour: {bounds}")
    print("\n".join(["", f"{len(faults):,} errors", *group_faults(faults)]))
    print("\n".join(["", f"{len(excesses)} slopes above their bounds", *excesses]))
    return 1 if faults or excesses else 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="duration of the traffic")
    parser.add_argument("--uploads", type=float, default=3, help="uploads a second")
    parser.add_argument("--reads", type=float, default=200, help="reads a second")
    parser.add_argument("--period", type=float, default=60, help="seconds of a table")
    parser.add_argument("--interval", type=float, default=5, help="seconds between samples")
    return parser.parse_args()


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
