"""Cost of judging and promoting a file, beside ``sha256sum``; needs 4 GB of disk.

First the pure checks, each file in a process of its own; then the service, a process on the strict
Cloud Storage over HTTP and the built-in Pub/Sub, where storage counts what is read.
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

from benchmarks.ingest.checks import Measured, peak_of
from benchmarks.ingest.corpus import SMALL_WHEELS, made, small_wheel
from checks.distribution import verify
from checks.policy import MIB, Policy
from local import layout
from testing.corpus.wheels import FILENAME
from testing.processes import Process, exit_at_sigterm
from testing.services.ingest_world import (
    Instance,
    WatchedBroker,
    free_port,
    ingest_environment,
    served,
)
from testing.storage import StorageServer

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("BENCH_CORPUS", ROOT / ".local/bench-ingest"))
CONCURRENCY = 2
"""Of an instance on Cloud Run."""


def main() -> int:
    """Measure and print; the exit code tells whether a goal was missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    paths = made(CORPUS)
    print("\nthe pure checks\n" + _HEAD)
    missed = [goal for title, path in paths.items() for goal in core(title, path)]
    missed += small_wheels()
    print("\nthe service, on the strict Cloud Storage\n" + _HEAD)
    missed += through_the_service(paths)
    for goal in missed:
        print(f"missed: {goal}")
    return 1 if missed else 0


_HEAD = f"{'':24} {'outcome':11} {'seconds':>8} {'MB/s':>7} {'of sha256sum':>13} {'peak':>8} read"


def core(title: str, path: Path) -> Iterator[str]:
    """Judge one file in a process of its own; yield the goals it misses."""
    command = [sys.executable, "-m", "benchmarks.ingest.checks", str(path)]
    digested = sha256sum(path)
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    measured = Measured(**json.loads(done.stdout))
    size = path.stat().st_size
    print(_row(title, measured, size, digested), flush=True)
    yield from _goals(title, measured, size, digested)


def _goals(title: str, measured: Measured, size: int, digested: float) -> Iterator[str]:
    bomb = title.startswith("bomb")
    if measured.peak > (150 if bomb else 200) * MIB:
        yield f"{title}: {measured.peak / MIB:.0f} MiB resident"
    if measured.read > 1.05 * size:
        yield f"{title}: {measured.read / size:.3f} bytes read per byte"
    if bomb and (measured.seconds > 2 or measured.outcome == "accepted"):
        yield f"{title}: {measured.outcome} in {measured.seconds:.1f} s"
    if title.startswith("many") and digested / measured.seconds < 0.2:
        yield f"{title}: {digested / measured.seconds:.2f} of sha256sum"


def _row(title: str, measured: Measured, size: int, digested: float | None) -> str:
    speed = measured.read / measured.seconds / 1e6
    beside = f"{digested / measured.seconds:13.2f}" if digested else f"{'':13}"
    return (
        f"{title:24} {measured.outcome:11} {measured.seconds:8.2f} {speed:7.1f} {beside}"
        f" {measured.peak / MIB:4.0f} MiB {measured.read / size:.3f}"
    )


def sha256sum(path: Path) -> float:
    """How many seconds ``sha256sum`` takes over a file, the file being in the page cache."""
    subprocess.run(["cat", path], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    started = time.perf_counter()
    subprocess.run(["sha256sum", path], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    return time.perf_counter() - started


def small_wheels() -> Iterator[str]:
    """Judge many small wheels in this process."""
    wheels = [small_wheel(number) for number in range(SMALL_WHEELS)]
    cpu = time.process_time()
    for name, data in wheels:
        verify(name, [data], Policy(), len(data))
    yield from _each(
        f"{SMALL_WHEELS} wheels of {len(wheels[0][1])} bytes", cpu, time.process_time()
    )


def _each(title: str, before: float, after: float) -> Iterator[str]:
    each = (after - before) / SMALL_WHEELS * 1000
    print(f"{title}: {each:.2f} ms of CPU each")
    if each > 15:
        yield f"{title}: {each:.1f} ms of CPU each"


class Counting:
    """Counts the bytes of objects that leave an app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.sent = 0

    async def __call__(  # noqa: D102 - ASGI's own
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if b"alt=media" not in scope.get("query_string", b""):
            await self._app(scope, receive, send)
            return
        status = 0

        async def counting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            if status < HTTPStatus.MULTIPLE_CHOICES:
                self.sent += len(message.get("body", b""))
            await send(message)

        # The connection faults of the fake need the receive of uvicorn itself.
        await self._app(scope, receive, counting)


@dataclass(frozen=True)
class Service:
    """One running ingest."""

    server: StorageServer
    counting: Counting
    instance: Instance

    def put(self, name: str, data: bytes) -> bytes:
        """Upload, and return the message that announces it."""
        self.server.storage.insert(layout.INCOMING, name, data)
        return json.dumps({"bucket": layout.INCOMING, "name": name}).encode()

    def measure(self, name: str, data: bytes) -> Measured:
        """Have one file judged and promoted."""
        message = self.put(name, data)
        Path(f"/proc/{self.instance.pid}/clear_refs").write_text("5")  # the peak starts anew
        before, cpu, sent = time.perf_counter(), self.cpu(), self.counting.sent
        status = self.instance.push(message)
        seconds, spent = time.perf_counter() - before, self.cpu() - cpu
        if status != 204:
            raise RuntimeError(f"{name}: answered {status}")
        read = self.counting.sent - sent
        outcome = self.outcome(name)
        return Measured(outcome, seconds, spent, peak_of(self.instance.pid), read)

    def outcome(self, name: str) -> str:
        """What the verdict says."""
        live = self.server.storage.buckets[layout.VERDICTS].live
        (verdict,) = [each.data for key, each in live.items() if key.startswith(f"{name}/")]
        said = json.loads(bytes(verdict))
        return str(said["reason"] or said["outcome"])

    def cpu(self) -> float:
        """Seconds of CPU that the process took so far."""
        fields = Path(f"/proc/{self.instance.pid}/stat").read_text("ascii").rpartition(")")[2]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def service(**settings: str) -> Iterator[Service]:
    """Start ingest on fakes of its own."""
    server, port = StorageServer(), free_port()
    counting = Counting(server._server.config.app)  # type: ignore[arg-type] # an app, not a name
    server._server.config.app = counting
    with served(WatchedBroker()) as pubsub, server:
        for bucket in layout.BUCKETS.values():
            server.storage.create_bucket(bucket)
        environment = {**ingest_environment(server.url, pubsub), "PORT": str(port), **settings}
        command = [sys.executable, "-m", "ingest.main"]
        with Process(command, environment=environment, stdout=subprocess.DEVNULL) as process:
            instance = Instance(process.pid, port)
            instance.await_ready()
            yield Service(server, counting, instance)


def through_the_service(paths: dict[str, Path]) -> Iterator[str]:
    """Promote each file by a fresh process; yield the goals that are missed."""
    for title, path in paths.items():
        with service() as running:
            size = path.stat().st_size
            measured = running.measure(f"ci/1/{FILENAME}", path.read_bytes())
            print(_row(title, measured, size, None), end=" ")
            print(f"in {running.server.storage.counts.requests['objects.download']} requests")
            yield from _goals(title, measured, size, measured.seconds)
    with service(MAX_FILE_SIZE=str(MIB)) as running:
        data = next(iter(paths.values())).read_bytes()
        measured = running.measure(f"ci/1/{FILENAME}", data)
        print(_row("over MAX_FILE_SIZE", measured, len(data), None))
        if measured.read or measured.outcome != "too-large":
            yield f"over the limit: {measured.outcome}, {measured.read} bytes read"
    with service() as running:
        yield from _small_wheels_through(running)


def _small_wheels_through(running: Service) -> Iterator[str]:
    wheels = [small_wheel(number) for number in range(SMALL_WHEELS)]
    messages = [running.put(f"ci/1/{name}", data) for name, data in wheels]
    started, cpu = time.perf_counter(), running.cpu()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        statuses = set(pool.map(running.instance.push, messages))
    if statuses != {204} or len(running.server.storage.buckets[layout.PACKAGES].live) != 2 * len(
        wheels
    ):
        raise RuntimeError(f"not all were promoted: {statuses}")
    title = f"{SMALL_WHEELS} wheels in {time.perf_counter() - started:.0f} s"
    yield from _each(title, cpu, running.cpu())
    print(f"peak {peak_of(running.instance.pid) / MIB:.0f} MiB")


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
