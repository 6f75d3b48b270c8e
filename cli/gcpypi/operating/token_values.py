"""Values of the token commands: durations, names of successors, tokens of standard input."""

import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from getpass import getpass
from typing import BinaryIO

from access.authentication import MAX_LENGTH
from gcpypi.errors import CommandFailure

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DATE = re.compile(r"-\d{4}-\d{2}(-\d{2})?$", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Parse a number of hours, days or weeks, such as ``90d``.

    :raises ValueError: if it is invalid.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text, re.ASCII)
    if match is None:
        raise ValueError(f"invalid duration {text!r}: use for example 12h, 90d or 4w")
    return int(match[1]) * _UNITS[match[2]]


def name_successor(name: str, taken: Collection[str], now: datetime) -> str:
    """Return a free name for the successor of a token: ``ci`` and the month, or the day.

    :raises CommandFailure: if both names are taken.
    """
    base = _DATE.sub("", name)
    for candidate in (f"{base}-{now:%Y-%m}", f"{base}-{now:%Y-%m-%d}"):
        if candidate not in taken:
            return candidate
    raise CommandFailure(f"{name} was already rotated today: choose a name with --name")


def read_token(stdin: BinaryIO, ask: Callable[[str], str] = getpass) -> str:
    """Read a token from standard input, or from a terminal without echo.

    :raises CommandFailure: if the input is not one word of at most 8 KiB.
    """
    try:
        is_typed = stdin.isatty()
        text = ask("Token: ") if is_typed else stdin.read(MAX_LENGTH + 1).decode(errors="replace")
    except EOFError:  # Ctrl-D
        text = ""
    words = text.split()
    if len(words) != 1 or len(text) > MAX_LENGTH:
        found = "is empty" if not words else "has more than one word, or more than 8 KiB"
        raise CommandFailure(f"standard input {found}: it must have one token")
    return words[0]
