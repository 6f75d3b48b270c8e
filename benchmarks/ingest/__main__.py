"""Cost of the validation and promotion of a file, compared with ``sha256sum``.

It needs 4 GB of disk. First it measures the pure checks, each file in a new process. Then it
measures the service, a process on the strict Cloud Storage over HTTP and the built-in Pub/Sub.
The storage counts the bytes that the service reads.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.ingest.large_archives import SMALL_WHEELS, make_archives, make_small_wheel
from benchmarks.ingest.validation import Measurement, read_peak
from checks.distribution import verify
from checks.policy import MIB, Policy
from local import topology
from testing.corpus.wheels import FILENAME
from testing.processes import Process, exit_at_sigterm, find_free_port
from testing.services.ingest_processes import (
    Instance,
    WatchedBroker,
    make_ingest_environment,
    serve_broker,
)
from testing.storage import StorageServer

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("BENCH_CORPUS", ROOT / ".local/bench-ingest"))
CONCURRENCY = 2
"""Concurrency of an instance on Cloud Run."""


def main() -> int:
    """Measure and print; return 1 if a goal is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    paths = make_archives(CORPUS)
    print("\nthe pure checks\n" + _HEAD)
    missed = [goal for title, path in paths.items() for goal in measure_checks(title, path)]
    missed += measure_small_wheels()
    print("\nthe service, on the strict Cloud Storage\n" + _HEAD)
    missed += measure_service(paths)
    for goal in missed:
        print(f"missed: {goal}")
    return 1 if missed else 0


_HEAD = f"{'':24} {'outcome':11} {'seconds':>8} {'MB/s':>7} {'vs sha256sum':>13} {'peak':>8} read"


def measure_checks(title: str, path: Path) -> Iterator[str]:
    """Validate one file in a new process; yield the missed goals."""
    command = [sys.executable, "-m", "benchmarks.ingest.validation", str(path)]
    sha256sum_seconds = time_sha256sum(path)
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    measurement = Measurement(**json.loads(done.stdout))
    size = path.stat().st_size
    print(_format_row(title, measurement, size, sha256sum_seconds), flush=True)
    yield from _find_missed_goals(title, measurement, size, sha256sum_seconds)


def _find_missed_goals(
    title: str, measurement: Measurement, size: int, sha256sum_seconds: float
) -> Iterator[str]:
    bomb = title.startswith("bomb")
    if measurement.peak > (150 if bomb else 200) * MIB:
        yield f"{title}: {measurement.peak / MIB:.0f} MiB resident"
    if measurement.read > 1.05 * size:
        yield f"{title}: {measurement.read / size:.3f} bytes read per byte"
    if bomb and (measurement.seconds > 2 or measurement.outcome == "accepted"):
        yield f"{title}: {measurement.outcome} in {measurement.seconds:.1f} s"
    if title.startswith("many") and sha256sum_seconds / measurement.seconds < 0.2:
        yield f"{title}: {sha256sum_seconds / measurement.seconds:.2f} of sha256sum"


def _format_row(
    title: str, measurement: Measurement, size: int, sha256sum_seconds: float | None
) -> str:
    speed = measurement.read / measurement.seconds / 1e6
    ratio = f"{sha256sum_seconds / measurement.seconds:13.2f}" if sha256sum_seconds else f"{'':13}"
    return (
        f"{title:24} {measurement.outcome:11} {measurement.seconds:8.2f} {speed:7.1f} {ratio}"
        f" {measurement.peak / MIB:4.0f} MiB {measurement.read / size:.3f}"
    )


def time_sha256sum(path: Path) -> float:
    """Return the seconds of ``sha256sum`` for a file in the page cache."""
    subprocess.run(["cat", path], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    started = time.perf_counter()
    subprocess.run(["sha256sum", path], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    return time.perf_counter() - started


def measure_small_wheels() -> Iterator[str]:
    """Validate many small wheels in this process."""
    wheels = [make_small_wheel(number) for number in range(SMALL_WHEELS)]
    cpu = time.process_time()
    for name, data in wheels:
        verify(name, [data], Policy(), len(data))
    yield from _report_each(
        f"{SMALL_WHEELS} wheels of {len(wheels[0][1])} bytes", cpu, time.process_time()
    )


def _report_each(title: str, before: float, after: float) -> Iterator[str]:
    milliseconds = (after - before) / SMALL_WHEELS * 1000
    print(f"{title}: {milliseconds:.2f} ms of CPU each")
    if milliseconds > 15:
        yield f"{title}: {milliseconds:.1f} ms of CPU each"


class DownloadCounter:
    """Counter of the object bytes that an app sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.sent = 0

    async def __call__(  # noqa: D102 - the ASGI interface
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if b"alt=media" not in scope.get("query_string", b""):
            await self._app(scope, receive, send)
            return
        status = 0

        async def count(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            if status < HTTPStatus.MULTIPLE_CHOICES:
                self.sent += len(message.get("body", b""))
            await send(message)

        # The connection faults of the fake need the original `receive` of uvicorn.
        await self._app(scope, receive, count)


@dataclass(frozen=True)
class IngestProcess:
    """A running ingest process."""

    server: StorageServer
    counter: DownloadCounter
    instance: Instance

    def put(self, name: str, data: bytes) -> bytes:
        """Upload, and return the message that announces the object."""
        self.server.storage.insert(topology.INCOMING, name, data)
        return json.dumps({"bucket": topology.INCOMING, "name": name}).encode()

    def measure(self, name: str, data: bytes) -> Measurement:
        """Let the service validate and promote one file."""
        message = self.put(name, data)
        Path(f"/proc/{self.instance.pid}/clear_refs").write_text("5")  # resets the peak
        before, cpu, sent = time.perf_counter(), self.read_cpu_seconds(), self.counter.sent
        status = self.instance.push(message)
        seconds, spent = time.perf_counter() - before, self.read_cpu_seconds() - cpu
        if status != 204:
            raise RuntimeError(f"{name}: answered {status}")
        read = self.counter.sent - sent
        outcome = self.read_outcome(name)
        return Measurement(outcome, seconds, spent, read_peak(self.instance.pid), read)

    def read_outcome(self, name: str) -> str:
        """Return the reason or the outcome in the verdict."""
        live = self.server.storage.buckets[topology.VERDICTS].live
        (verdict,) = [stored.data for key, stored in live.items() if key.startswith(f"{name}/")]
        document = json.loads(bytes(verdict))
        return str(document["reason"] or document["outcome"])

    def read_cpu_seconds(self) -> float:
        """Return the CPU seconds of the process until now."""
        fields = Path(f"/proc/{self.instance.pid}/stat").read_text("ascii").rpartition(")")[2]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def start_ingest(**settings: str) -> Iterator[IngestProcess]:
    """Start ingest on new fakes."""
    server, port = StorageServer(), find_free_port()
    counter = DownloadCounter(server._server.config.app)  # type: ignore[arg-type] # an app, not a name
    server._server.config.app = counter
    with serve_broker(WatchedBroker()) as pubsub, server:
        for bucket in topology.BUCKETS.values():
            server.storage.create_bucket(bucket)
        environment = {**make_ingest_environment(server.url, pubsub), "PORT": str(port), **settings}
        command = [sys.executable, "-m", "ingest.main"]
        with Process(command, environment=environment, stdout=subprocess.DEVNULL) as process:
            instance = Instance(process.pid, port)
            instance.await_ready()
            yield IngestProcess(server, counter, instance)


def measure_service(paths: dict[str, Path]) -> Iterator[str]:
    """Promote each file by a new process; yield the missed goals."""
    for title, path in paths.items():
        with start_ingest() as running:
            size = path.stat().st_size
            measurement = running.measure(f"ci/1/{FILENAME}", path.read_bytes())
            print(_format_row(title, measurement, size, None), end=" ")
            print(f"in {running.server.storage.counts.requests['objects.download']} requests")
            yield from _find_missed_goals(title, measurement, size, measurement.seconds)
    with start_ingest(MAX_FILE_SIZE=str(MIB)) as running:
        data = next(iter(paths.values())).read_bytes()
        measurement = running.measure(f"ci/1/{FILENAME}", data)
        print(_format_row("over MAX_FILE_SIZE", measurement, len(data), None))
        if measurement.read or measurement.outcome != "too-large":
            yield f"over the limit: {measurement.outcome}, {measurement.read} bytes read"
    with start_ingest() as running:
        yield from _measure_small_wheels_in_service(running)


def _measure_small_wheels_in_service(running: IngestProcess) -> Iterator[str]:
    wheels = [make_small_wheel(number) for number in range(SMALL_WHEELS)]
    messages = [running.put(f"ci/1/{name}", data) for name, data in wheels]
    started, cpu = time.perf_counter(), running.read_cpu_seconds()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        statuses = set(pool.map(running.instance.push, messages))
    if statuses != {204} or len(running.server.storage.buckets[topology.PACKAGES].live) != 2 * len(
        wheels
    ):
        raise RuntimeError(f"not all were promoted: {statuses}")
    title = f"{SMALL_WHEELS} wheels in {time.perf_counter() - started:.0f} s"
    yield from _report_each(title, cpu, running.read_cpu_seconds())
    print(f"peak {read_peak(running.instance.pid) / MIB:.0f} MiB")


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
