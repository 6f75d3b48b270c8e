"""``python -m unit.testing.processes.programs NAME DIRECTORY``: programs to interrupt.

Each program starts processes, creates the file ``ready`` in the directory, and waits.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.conftest import make_bare_path, run_local_index
from testing.fakes.fake_gcs_server import run_fake_gcs
from testing.processes import Process, exit_at_sigterm, run_if_killed
from testing.services.fleet import run_fleet

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("started", flush=True)
time.sleep(600)
"""
"""A process that ignores SIGTERM, and its child."""


def main() -> None:
    name, directory = sys.argv[1], Path(sys.argv[2])
    exit_at_sigterm()
    with PROGRAMS[name](directory):
        (directory / "ready").touch()
        signal.pause()


@contextmanager
def _run_emulator(directory: Path) -> Iterator[None]:
    with run_fake_gcs():
        yield


@contextmanager
def _run_stubborn(directory: Path) -> Iterator[None]:
    command = [sys.executable, "-c", STUBBORN]
    with Process(command, stdout=subprocess.PIPE, grace=0.2) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


@contextmanager
def _run_workers(directory: Path) -> Iterator[None]:
    with run_fleet(directory / "log", indexers=1, publishers=1, write_interval=0):
        yield


@contextmanager
def _run_local_index(directory: Path) -> Iterator[None]:
    with run_local_index(directory / "local", make_bare_path(directory / "bin")):
        yield


@contextmanager
def _run_command_if_killed(directory: Path) -> Iterator[None]:
    with run_if_killed(["touch", str(directory / "killed")]):
        yield


PROGRAMS = {
    "emulator": _run_emulator,
    "stubborn": _run_stubborn,
    "workers": _run_workers,
    "local-index": _run_local_index,
    "last-will": _run_command_if_killed,
}


if __name__ == "__main__":
    main()
