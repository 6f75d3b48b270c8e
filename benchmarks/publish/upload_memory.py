"""Memory of the upload service during many large uploads at once.

    python -m benchmarks.publish.upload_memory [--uploads 20] [--mebibytes 1024]

Each client sends the same valid wheel, with a stored member of zeros. The storage drops the bytes.
The figure is the peak of the resident memory of the service (``VmHWM``).
"""

import argparse
import hashlib
import sys
import tempfile
import time
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.process_resources import read_peak
from testing.memory_upload import build_fields, encode_form
from testing.processes import find_free_ports
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST, await_answer
from testing.services.upload_processes import UploadProcesses, read_response, run_upload

MIB = 1024 * 1024
GOAL = 256
"""Largest peak of the resident memory, in MiB."""
FILENAME = "acme-1.0-py3-none-any.whl"
_MARK = b"the place of the file"


@dataclass(frozen=True)
class MemoryPeak:
    """Result of a run."""

    accepted: int
    """Number of the uploads with the status 200."""
    mebibytes: float
    """Peak of the resident memory."""
    seconds: float


@dataclass(frozen=True)
class LargeUpload:
    """Upload of a large wheel to a running upload service, which can be sent many times."""

    processes: UploadProcesses
    wheel: Path
    head: bytes
    """Request in front of the bytes of the file."""
    tail: bytes
    """Request behind the bytes of the file."""

    def send(self) -> bytes:
        """Send the form with the wheel; return the response."""
        with self.processes.connect() as client, self.wheel.open("rb") as file:
            client.settimeout(3600)
            client.sendall(self.head)
            client.sendfile(file)
            client.sendall(self.tail)
            return read_response(client)


@contextmanager
def prepare_large_upload(folder: Path, mebibytes: int) -> Iterator[LargeUpload]:
    """Write a wheel, and start an upload service with a storage that keeps no content.

    :param mebibytes: size of the wheel.
    """
    wheel = folder / FILENAME
    write_wheel(wheel, mebibytes * MIB)
    with (
        _run_discarding_storage(folder) as url,
        run_upload(folder, STORAGE_EMULATOR_HOST=url) as processes,
    ):
        head, tail = _encode_parts(processes, wheel)
        yield LargeUpload(processes, wheel, head, tail)


def measure_peak(uploads: int, mebibytes: int, folder: Path) -> MemoryPeak:
    """Send ``uploads`` wheels of ``mebibytes`` at once, and measure the memory of the service."""
    with prepare_large_upload(folder, mebibytes) as upload:
        started = time.monotonic()
        with ThreadPoolExecutor(uploads) as clients:
            sent = [clients.submit(upload.send) for _ in range(uploads)]
        seconds = time.monotonic() - started
        responses = [each.result() for each in sent]
        accepted = sum(each.startswith(b"HTTP/1.1 200 ") for each in responses)
        return MemoryPeak(accepted, read_peak(upload.processes.service.process.pid), seconds)


def write_wheel(path: Path, size: int) -> None:
    """Write a valid wheel with a stored member of ``size`` zeros."""
    info = "acme-1.0.dist-info"
    texts = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digest, zeros = hashlib.sha256(), bytes(MIB)
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("acme/data.bin", "w", force_zip64=True) as member:
            for _ in range(size // MIB):
                member.write(zeros)
                digest.update(zeros)
        lines = [_format_line("acme/data.bin", digest.digest(), size)]
        for name, text in texts.items():
            archive.writestr(name, text)
            lines.append(_format_line(name, hashlib.sha256(text).digest(), len(text)))
        archive.writestr(f"{info}/RECORD", "".join([*lines, f"{info}/RECORD,,\n"]))


def _format_line(name: str, digest: bytes, size: int) -> str:
    return f"{name},sha256={urlsafe_b64encode(digest).decode().rstrip('=')},{size}\n"


def _encode_parts(processes: UploadProcesses, wheel: Path) -> tuple[bytes, bytes]:
    """Return the request in front of the bytes of the file, and behind them."""
    with wheel.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    fields = {**build_fields(FILENAME, b""), "sha256_digest": sha256}
    head, _, tail = encode_form(fields, FILENAME, _MARK).partition(_MARK)
    length = len(head) + wheel.stat().st_size + len(tail)
    return processes.encode_head(length) + head, tail


@contextmanager
def _run_discarding_storage(folder: Path) -> Iterator[str]:
    """Start a storage that drops all bytes; yield its URL."""
    [port] = find_free_ports(1)
    module, log = "testing.services.discarding_storage", folder / "storage.log"
    process = RestartableProcess(module, f"--port={port}", log=log, environment={})
    process.start()
    try:
        await_answer(f"http://{HOST}:{port}/health")
        yield f"http://{HOST}:{port}"
    finally:
        process.end()


def main() -> int:
    """Print the result; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--mebibytes", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peak = measure_peak(options.uploads, options.mebibytes, Path(folder))
    is_met = peak.accepted == options.uploads and peak.mebibytes < GOAL
    print(
        f"{peak.accepted} of {options.uploads} uploads of {options.mebibytes} MiB accepted in"
        f" {peak.seconds:.0f} s; peak of the resident memory: {peak.mebibytes:.0f} MiB"
    )
    print(f"{'met   ' if is_met else 'MISSED'} all accepted, and below {GOAL} MiB")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
