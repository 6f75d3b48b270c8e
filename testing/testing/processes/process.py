"""A process that leads a process group, and commands for the case that its starter is killed."""

import atexit
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO

from testing.processes import reaper as program

GRACE = 15.0
"""Seconds between SIGTERM and SIGKILL."""

Stream = int | IO[bytes] | None
"""Standard stream: a file, or a constant such as ``subprocess.PIPE``."""


class Process(subprocess.Popen[bytes]):
    """A process that ends, with its children, at the end of the ``with`` statement.

    It leads a session and a process group. Therefore its children end with it, and Ctrl-C in the
    terminal reaches only the test or benchmark.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
        grace: float = GRACE,
    ) -> None:
        self._grace = grace
        super().__init__(
            [str(word) for word in command],
            env=environment,
            cwd=folder,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        self._entry: int | None = _register(self.pid)

    def end(self) -> None:
        """Send SIGTERM, wait for the process, and kill the rest of its group."""
        if self.poll() is None:
            self.send_signal(signal.SIGCONT)
            self.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.wait(self._grace)
        self.kill()

    def kill(self) -> None:
        """Kill the process and its group; return when the process has ended."""
        if self._entry is None:
            return  # another group may have the number by now
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        _unregister(self._entry)
        self._entry = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process, and close its pipes."""
        self.end()
        super().__exit__(kind, error, traceback)


@contextmanager
def run_if_killed(command: Sequence[str]) -> Iterator[None]:
    """Run a command if this process is killed before the end of the ``with`` statement."""
    number = _register(list(command))
    try:
        yield
    finally:
        _unregister(number)


_numbers = itertools.count()
_lock = threading.Lock()


def _register(entry: int | list[str]) -> int:
    number = next(_numbers)
    _send(number, entry)
    return number


def _unregister(number: int) -> None:
    _send(number, None)


def _send(number: int, entry: int | list[str] | None) -> None:
    """Send one line in one write, which is atomic (PIPE_BUF)."""
    with _lock:
        reaper = _start_reaper()
    os.write(reaper, f"{json.dumps([number, entry])}\n".encode())


@cache
def _start_reaper() -> int:
    """Start the reaper; return the file descriptor of its input."""
    reaper = subprocess.Popen(
        [sys.executable, "-I", program.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    assert reaper.stdin is not None
    atexit.register(reaper.communicate)
    return reaper.stdin.fileno()
