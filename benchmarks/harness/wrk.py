"""wrk: one burst of requests, and what it says of it."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from benchmarks.harness.server import Absent, Ask

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Burst:
    """What came of one."""

    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds."""
    megabytes: float
    """A second."""
    failed: int
    """Answers that were none: 4xx, 5xx, broken off, too late."""


def burst(ask: Ask, connections: int, seconds: int) -> Burst:
    """Send requests over so many connections for so long.

    :raises Absent: if there is no wrk.
    """
    program = shutil.which("wrk")
    if program is None:
        raise Absent("wrk is not installed")
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    fields = [word for name, value in ask.headers.items() for word in ("-H", f"{name}: {value}")]
    command = [program, *load, *fields, ask.url]
    return parsed(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - wrk


def parsed(said: str) -> Burst:
    """Read what wrk prints."""
    p99 = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)$", said, re.MULTILINE)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    moved = re.search(r"Transfer/sec:\s+([\d.]+)(B|KB|MB|GB)", said)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    sizes = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}
    return Burst(
        rate=float(rate[1]) if rate else 0.0,
        p99=float(p99[1]) * _UNITS[p99[2]] if p99 else float("nan"),
        megabytes=float(moved[1]) * sizes[moved[2]] / 1e6 if moved else 0.0,
        failed=(int(failed[1]) if failed else 0)
        + (sum(int(count) for count in errors.groups()) if errors else 0),
    )
