"""Print the CPU time of the tests, ring by ring.

    python -m testing.rings [RING…] [--pytest="OPTIONS"]

The CPU time includes all processes that the tests start, also the services of a local runtime,
which outlive their starter. On a shared machine it varies less than the duration.
"""

import argparse
import ctypes
import os
import re
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).parents[2]
_PR_SET_CHILD_SUBREAPER = 36
"""Option of prctl(2): orphans become children of this process."""


def list_rings(tests: Path) -> list[str]:
    """Return the folders with tests, and those of ``unit`` one by one."""
    folders = [*tests.iterdir(), *(tests / "unit").iterdir()]
    return sorted(
        str(folder.relative_to(tests))
        for folder in folders
        if folder.name != "unit" and any(folder.rglob("test_*.py"))
    )


def adopt_orphans() -> None:
    """Become the parent of all descendants without a parent, from now on.

    :raises OSError: if the system is not Linux.
    """
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl: this process cannot adopt orphans")


def run_command(command: Sequence[str]) -> tuple[float, str]:
    """Run a command; return the seconds of CPU time of all its processes, and its output.

    Orphans that still run after the command count for the next command.
    """
    before = _measure_cpu()
    with TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output)
        while True:  # wait for orphans too: others wait until these processes are gone
            number, status = os.wait()
            if number == process.pid:
                break
        process.returncode = os.waitstatus_to_exitcode(status)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        output.seek(0)
        return _measure_cpu() - before, output.read()


def print_table(names: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    """Run rings; yield the lines of the table. With options, copy the output to standard error."""
    yield f"{'CPU s':>8} {'wall s':>8}  ring: result"
    total = 0.0
    for ring in names:
        pytest = [sys.executable, "-W", "error", "-m", "pytest", "-q", *options, f"tests/{ring}"]
        start = time.monotonic()
        cpu, output = run_command(pytest)
        wall = time.monotonic() - start
        sys.stderr.write(output if options else "")
        last = output.splitlines()[-1].strip("= ") if output else "no output"
        yield f"{cpu:8.1f} {wall:8.1f}  {ring}: {re.sub(r' in [0-9.]+s.*', '', last)}"
        total += cpu
    yield f"{total:8.1f} {'':8}  total"


def main() -> None:
    """Print the table, line by line."""
    parser = argparse.ArgumentParser(prog="python -m testing.rings", description=__doc__)
    parser.add_argument("ring", nargs="*", help="folder or file of tests/ (default: all folders)")
    parser.add_argument("--pytest", default="", help='options, for example "--durations=20"')
    arguments = parser.parse_args()
    adopt_orphans()
    rings = arguments.ring or list_rings(ROOT / "tests")
    for line in print_table(rings, shlex.split(arguments.pytest)):
        print(line, flush=True)


def _measure_cpu() -> float:
    """Return the CPU seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
