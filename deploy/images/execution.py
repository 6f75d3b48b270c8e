"""Execution of other programs, with their last output in the error."""

import subprocess
from collections.abc import Sequence

_LINES = 20


class CommandFailed(Exception):
    """Program that is not installed, or that ended with an error."""


def run(command: Sequence[str], *, feed: str | None = None) -> str:
    """Run ``command`` and return its standard output without the last line break.

    :param feed: its standard input.
    :raises CommandFailed: if it is not installed, or if its exit code is not 0.
    """
    try:
        done = subprocess.run(  # noqa: S603 - all arguments are ours
            command, input=feed, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise CommandFailed(f"{command[0]} is not installed") from error
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).splitlines()[-_LINES:])
        raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{output}")
    return done.stdout.rstrip("\n")


def succeeds(command: Sequence[str]) -> bool:
    """Return whether ``command`` is installed and ends with exit code 0."""
    try:
        run(command)
    except CommandFailed:
        return False
    return True
