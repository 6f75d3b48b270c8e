"""Measurement of the pure checks: ``python -m benchmarks.ingest.validation FILE``."""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.distribution import verify
from checks.policy import MIB, Policy
from checks.refusal import Refused
from testing.corpus.wheels import FILENAME

CHUNK = 4 * MIB
"""Chunk size of the storage reader, in bytes."""


@dataclass(frozen=True)
class Measurement:
    """Measurement of one validation."""

    outcome: str
    seconds: float
    cpu: float
    """CPU seconds."""
    peak: int
    """Peak of the resident memory in bytes, with the interpreter."""
    read: int
    """Bytes read."""


def measure(path: Path) -> Measurement:
    """Validate one file."""
    read, outcome = 0, "accepted"

    def chunks() -> Iterator[bytes]:
        nonlocal read
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                read += len(chunk)
                yield chunk

    started, cpu = time.perf_counter(), time.process_time()
    try:
        verify(FILENAME, chunks(), Policy(), path.stat().st_size)
    except Refused as refused:
        outcome = str(refused.reason)
    return Measurement(
        outcome,
        time.perf_counter() - started,
        time.process_time() - cpu,
        read_peak("self"),
        read,
    )


def read_peak(pid: int | str) -> int:
    """Return the peak of the resident memory of a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    print(json.dumps(asdict(measure(parser.parse_args().file))))
