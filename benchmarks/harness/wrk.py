"""One burst of requests by wrk, and its result."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from benchmarks.harness.server_process import NotMeasurable, Target

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Burst:
    """Result of one burst."""

    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds."""
    megabytes: float
    """Megabytes a second."""
    failed: int
    """Number of failed responses: 4xx, 5xx, incomplete, too late."""


def run_burst(target: Target, connections: int, seconds: int) -> Burst:
    """Send requests over ``connections`` connections for ``seconds`` seconds.

    :raises NotMeasurable: if wrk is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        raise NotMeasurable("wrk is not installed")
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    fields = [word for name, value in target.headers.items() for word in ("-H", f"{name}: {value}")]
    command = [program, *load, *fields, target.url]
    return parse_output(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - wrk


def parse_output(output: str) -> Burst:
    """Parse the output of wrk."""
    p99 = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)$", output, re.MULTILINE)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    transferred = re.search(r"Transfer/sec:\s+([\d.]+)(B|KB|MB|GB)", output)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    sizes = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}
    return Burst(
        rate=float(rate[1]) if rate else 0.0,
        p99=float(p99[1]) * _UNITS[p99[2]] if p99 else float("nan"),
        megabytes=float(transferred[1]) * sizes[transferred[2]] / 1e6 if transferred else 0.0,
        failed=(int(failed[1]) if failed else 0)
        + (sum(int(count) for count in errors.groups()) if errors else 0),
    )
