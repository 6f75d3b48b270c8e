"""Failure of a command, and its exit code."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of all commands. CI can rely on them."""

    OK = 0
    """The command is done."""
    REFUSED = 1
    """The index refuses, or would refuse, a part of the request."""
    USAGE = 2
    """Arguments or settings are missing or invalid. Nothing was sent."""
    TIMEOUT = 3
    """The index did not finish in time. The request can still take effect."""
    UNAVAILABLE = 4
    """The index or Google Cloud does not answer, or denies the access."""
    INTERRUPTED = 130
    """Ctrl-C or SIGTERM stopped the command."""


class CommandFailure(Exception):
    """Failure that ends a command.

    With ``--json`` it is the one value of standard output, so raise it before printing another.

    :param message: error, place and remedy, in one or two sentences.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.code = code
