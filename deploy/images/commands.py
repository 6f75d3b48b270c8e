"""Runs other programs and says which one failed, with what it said last."""

import subprocess
from collections.abc import Sequence

_LINES = 20


class CommandFailed(Exception):
    """A program ended with an error."""


def run(command: Sequence[str], *, feed: str | None = None) -> str:
    """Return what ``command`` prints, its last line break left out.

    :param feed: what it reads from standard input.
    :raises CommandFailed: if it is not installed, or does not end with 0.
    """
    try:
        done = subprocess.run(  # noqa: S603 - all arguments are ours
            command, input=feed, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise CommandFailed(f"{command[0]} is not installed") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LINES:])
        raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return done.stdout.rstrip("\n")


def succeeds(command: Sequence[str]) -> bool:
    """Whether ``command`` can be run and ends with 0."""
    try:
        run(command)
    except CommandFailed:
        return False
    return True
