"""``python -m benchmarks.ingest.checks FILE``: the pure checks over one file, measured."""

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
"""As storage gives them."""


@dataclass(frozen=True)
class Measured:
    """What one judgement took."""

    outcome: str
    seconds: float
    cpu: float
    """In seconds."""
    peak: int
    """Of resident memory, in bytes, the interpreter included."""
    read: int
    """In bytes."""


def measure(path: Path) -> Measured:
    """Judge one file."""
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
    return Measured(
        outcome,
        time.perf_counter() - started,
        time.process_time() - cpu,
        peak_of("self"),
        read,
    )


def peak_of(pid: int | str) -> int:
    """The most memory that was ever resident in a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    print(json.dumps(asdict(measure(parser.parse_args().file))))
