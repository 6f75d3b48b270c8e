"""Time between the last byte of an upload and the answer: gcpypi, devpi and pypiserver.

    python -m benchmarks.publish.upload_latency [--uploads 100]

Each upload is a new release of a wheel of 10 kB, in a form as twine sends it. The index runs as the
native local runtime, with the upload service. Its answer says that the wheel is installable. The
three take turns, so that other work on the machine affects all of them.
"""

import argparse
import base64
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.server_process import NotMeasurable
from benchmarks.peers.publish_servers import PEERS
from testing.fakes.small_wheels import build_wheel
from testing.memory_upload import BOUNDARY, build_fields, encode_form
from testing.processes import exit_at_sigterm, run_if_killed
from testing.services.fleet import HOST
from testing.services.upload_processes import run_upload

TURNS = 5
WARM_UP = 3
SIZE = 9_000
"""Bytes of the module in the wheel, which do not compress."""


@dataclass(frozen=True)
class TimedIndex:
    """Index that takes uploads by form."""

    name: str
    port: int
    path: str
    authorization: str
    expected: str
    """Beginning of the text of the answer."""

    def time_upload(self, number: int) -> float:
        """Upload a release; return the seconds from the last byte of the form to the answer."""
        filename = f"quick-1.{number}-py3-none-any.whl"
        data = build_wheel("quick", f"1.{number}", body=b"#" + os.urandom(SIZE).hex().encode())
        body = encode_form(build_fields(filename, data), filename, data)
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=60)) as client:
            client.putrequest("POST", self.path)
            client.putheader("Authorization", self.authorization)
            client.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
            client.putheader("Content-Length", str(len(body)))
            client.endheaders()
            client.send(body)
            started = time.perf_counter()
            response = client.getresponse()
            text = response.read().decode()
            seconds = time.perf_counter() - started
        if response.status not in (200, 201) or not text.startswith(self.expected):
            raise RuntimeError(f"{self.name} answers {response.status}: {text[:200]}")
        return seconds


def measure(targets: Sequence[TimedIndex], uploads: int) -> dict[str, list[float]]:
    """Upload in turns; return the seconds by target."""
    seconds: dict[str, list[float]] = {target.name: [] for target in targets}
    one_turn = max(1, uploads // TURNS)
    for target in targets:
        for number in range(WARM_UP):
            target.time_upload(number)
    for first in range(WARM_UP, WARM_UP + uploads, one_turn):
        for target in targets:
            for number in range(first, min(first + one_turn, WARM_UP + uploads)):
                seconds[target.name].append(target.time_upload(number))
    return seconds


@contextmanager
def _start_index(folder: Path) -> Iterator[TimedIndex]:
    """Start the local runtime and the upload service on its buckets."""
    runtime = folder / "runtime"
    command = [sys.executable, "-m", "local"]
    down = [*command, "down", "--dir", str(runtime)]
    with run_if_killed(down):
        try:
            up = [*command, "up", "--dir", str(runtime), "--port-base", "free"]
            environment = {**os.environ, "RUNTIME": "native", "PYTHONWARNINGS": "error"}
            subprocess.run(up, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603
            storage = _read_variable(runtime / "env", "STORAGE_EMULATOR_HOST")
            settings = {"STORAGE_EMULATOR_HOST": storage, "LISTING_TIMEOUT": "30"}
            with run_upload(folder, **settings) as service:
                login = base64.b64encode(f"__token__:{service.token}".encode()).decode()
                yield TimedIndex("gcpypi", service.port, "/legacy/", f"Basic {login}", "accepted: ")
        finally:
            subprocess.run(down, check=False, stdout=subprocess.DEVNULL)  # noqa: S603


def _read_variable(file: Path, name: str) -> str:
    line = next(line for line in file.read_text().splitlines() if f"export {name}=" in line)
    return line.partition("=")[2].strip("'\"")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=100)
    uploads = parser.parse_args().uploads
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        targets = [stack.enter_context(_start_index(Path(name)))]
        for peer in ("devpi", "pypiserver"):
            try:
                found = stack.enter_context(PEERS[peer](Path(name) / peer))
            except NotMeasurable as error:
                print(f"{peer} is not measured: {error}", file=sys.stderr)
                continue
            targets.append(
                TimedIndex(found.name, found.port, found.path, f"Basic {found.token}", "")
            )
        seconds = measure(targets, uploads)
    print("| index | last byte → answer, median | p99 |\n|---|---:|---:|")
    for target, each in seconds.items():
        p99 = statistics.quantiles(each, n=100)[98]
        print(f"| {target} | {statistics.median(each) * 1000:.0f} ms | {p99 * 1000:.0f} ms |")
    return 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
