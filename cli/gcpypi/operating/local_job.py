"""A repair command on this machine, in a checkout with the modules of the services."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from types import FrameType

from gcpypi.errors import CommandFailure, ExitCode

MODULES = {
    "verify": "publisher",
    "rebuild": "publisher",
    "reindex": "ingest",
    "replay": "ingest",
    "rescan": "ingest",
}
"""Module of each command: ``python -m publisher verify``."""


GRACE = 10.0
"""Seconds between the signals SIGTERM and SIGKILL to a job."""


def run_local_job(
    command: str, arguments: Sequence[str], *, wait: bool = True, timeout: float | None = None
) -> int:
    """Run a command with the settings of ``.local/env``, and return its exit code.

    :param timeout: seconds until the job is ended; None: until its own end.
    :raises CommandFailure: without the modules of the services, without a wait, or after an early
        end.
    """
    if not wait:
        raise CommandFailure(
            f"a job on this machine ends with the command: run gcpypi {command} without --no-wait"
        )
    module = MODULES[command]
    if find_spec(module) is None:
        raise CommandFailure(
            f"the local index has no Cloud Run, and this environment has no module {module}: run "
            f"gcpypi {command} in a checkout, after make install"
        )
    words = [sys.executable, "-m", module, command, *arguments]
    try:
        return run_program(words, timeout)
    except KeyboardInterrupt:
        text = f"gcpypi {command} was interrupted; it can be repeated"
        raise CommandFailure(text, ExitCode.INTERRUPTED) from None
    except subprocess.TimeoutExpired:
        text = f"gcpypi {command} was ended after {timeout:g} s; repeat it with a longer --timeout"
        raise CommandFailure(text, ExitCode.TIMEOUT) from None


def run_program(words: Sequence[str], timeout: float | None = None) -> int:
    """Run a program to its end, and return its exit code.

    It has a process group of its own, so that Ctrl-C in a terminal and a SIGTERM to this process
    have the same effect: the program gets one SIGTERM, and its end is awaited.

    :raises TimeoutExpired: if the program was ended after ``timeout`` seconds.
    """
    group = {"process_group": 0} if os.name == "posix" else {}
    process: subprocess.Popen[bytes]
    with ExitStack() as stack:
        with defer_signals():
            process = subprocess.Popen(words, **group)  # type: ignore[call-overload] # noqa: S603
            stack.enter_context(process)
            stack.push(lambda kind, *_: _end(process) if kind else None)
        return process.wait(timeout)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Handle SIGINT and SIGTERM after the block.

    An exception during the start of a program would leave it without a process that ends it.
    """
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    for each in received:
        signal.raise_signal(each)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program, at once after a second Ctrl-C."""
    process.terminate()
    try:
        process.wait(GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
