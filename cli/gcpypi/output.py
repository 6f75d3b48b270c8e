"""Output of all commands: results to standard output, all other text to standard error.

Rich omits colours, and shortens no text, if the stream is no terminal.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 200
"""Columns of a table in a log of CI, which has no width of its own."""


def create_console(*, stderr: bool = False) -> Console:
    """Create a console of standard output, or of standard error."""
    console = Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def print_table(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows below their headings, without lines."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(escape_control(cell)) for cell in row))
    console.print(table, soft_wrap=False)


def print_json(value: Mapping[str, object] | Sequence[object]) -> None:
    """Print a value as JSON to standard output."""
    json.dump(value, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")


def print_failure(failure: Exception) -> None:
    """Print the failure of a command to standard error, without control characters."""
    text = "\n".join(map(escape_control, str(failure).split("\n")))
    print(f"gcpypi: {text}", file=sys.stderr)


def escape_unprintable(text: str) -> str:
    """Return text of files or documents without control characters and Rich's markup."""
    return escape(escape_control(text))


def escape_control(text: str) -> str:
    """Return text of files or documents without control characters, for a plain line."""
    return text if text.isprintable() else ascii(text)[1:-1]


@contextmanager
def show_step(console: Console, text: str) -> Iterator[None]:
    """Show a step while it lasts, on a terminal only."""
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield
