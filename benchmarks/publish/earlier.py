"""Throughput of an earlier checkout, measured by its own benchmark in its own ``.venv``.

Its services, relay and stand-ins run, because settings, messages and names of modules differ
between commits.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.publish.rates import Rate
from testing.processes import Process

_BY_COUNT = """
from benchmarks.publish import throughput
rate = throughput.measure(directory, files, throughput.make_wheels(wheels))
"""
_BY_CONSTANTS = """
from benchmarks.publish import throughput
throughput.WHEELS, throughput.PROJECTS = wheels, wheels // 10
rate = throughput.measure(directory, files)
"""
_BY_SCRIPT = """
import publish_throughput
from chaos import fleet
fleet.START = 600
publish_throughput.WHEELS, publish_throughput.PROJECTS = wheels, wheels // 10
rate = publish_throughput.measured(directory, files)
"""
_CALLS: Mapping[str, tuple[str, str]] = {
    "benchmarks/publish/rates.py": (".", _BY_COUNT),
    "benchmarks/publish/throughput.py": (".", _BY_CONSTANTS),
    "benchmarks/publish_throughput.py": ("tests:benchmarks", _BY_SCRIPT),
}
"""``PYTHONPATH`` and call of the benchmark, by a file of the checkout; the newest first.

The script waited only 60 s for the start of the services. A busy machine can take longer.
"""

_PROGRAM = """
import json, signal, sys
from pathlib import Path
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
directory, files, wheels = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
{call}
print(json.dumps([rate.seconds, dict(rate.cpu)]))
"""


def measure(checkout: Path, directory: Path, files: int, wheels: int) -> Rate:
    """Publish ``wheels`` wheels by the checkout, into an index of ``files`` files.

    Exit with a message if the checkout cannot be measured.
    """
    python = checkout.absolute() / ".venv/bin/python"
    if not python.exists():
        sys.exit(f"{checkout} has no .venv; run `make install` in it")
    path, call = _find_call(checkout)
    program = _PROGRAM.format(call=call)
    with Process(
        [python, "-c", program, directory.absolute(), str(files), str(wheels)],
        environment={**os.environ, "PYTHONPATH": path},
        folder=checkout,
        stdout=subprocess.PIPE,
    ) as process:
        output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"the benchmark of {checkout} ended with exit code {process.returncode}")
    seconds, cpu = json.loads(output.splitlines()[-1])
    return Rate(wheels, seconds, cpu)


def _find_call(checkout: Path) -> tuple[str, str]:
    """Return ``PYTHONPATH`` and the call of the benchmark."""
    for name, call in _CALLS.items():
        if (checkout / name).exists():
            return call
    sys.exit(f"{checkout} has no benchmark of the throughput: none of {', '.join(_CALLS)}")
