"""A process that leads a group, and what is to be done when its starter is killed."""

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

from testing.processes import keeper as program

GRACE = 15.0
"""Seconds that a process may take to end after SIGTERM."""

Stream = int | IO[bytes] | None
"""A standard stream: a file, or a constant such as ``subprocess.PIPE``."""


class Process(subprocess.Popen[bytes]):
    """A process that ends, with those that it starts, when the ``with`` statement is left.

    It leads a session and a process group, so that nothing that it starts outlives it, and a
    Ctrl-C on the terminal reaches the test or benchmark alone.
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
        self._kept: int | None = _keep(self.pid)

    def end(self) -> None:
        """Ask the process to end, wait for it, and kill what is left of its group."""
        if self.poll() is None:
            self.send_signal(signal.SIGCONT)
            self.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.wait(self._grace)
        self.kill()

    def kill(self) -> None:
        """Kill the process and its group without a warning; return when it has ended."""
        if self._kept is None:
            return  # the number may be that of another group by now
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        _forget(self._kept)
        self._kept = None

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
def on_kill(command: Sequence[str]) -> Iterator[None]:
    """Have a command run if this process is killed before the ``with`` statement is left."""
    number = _keep(list(command))
    try:
        yield
    finally:
        _forget(number)


_numbers = itertools.count()
_one_at_a_time = threading.Lock()


def _keep(entry: int | list[str]) -> int:
    number = next(_numbers)
    _tell(number, entry)
    return number


def _forget(number: int) -> None:
    _tell(number, None)


def _tell(number: int, entry: int | list[str] | None) -> None:
    """One write a line, which threads cannot mix (PIPE_BUF)."""
    with _one_at_a_time:
        keeper = _keeper()
    os.write(keeper, f"{json.dumps([number, entry])}\n".encode())


@cache
def _keeper() -> int:
    """Start the keeper; return the file descriptor of its input."""
    keeper = subprocess.Popen(
        [sys.executable, "-I", program.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    assert keeper.stdin is not None
    atexit.register(keeper.communicate)
    return keeper.stdin.fileno()
