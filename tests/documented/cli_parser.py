"""Parser of the documented command lines of ``gcpypi``: the one of the real application."""

from collections.abc import Sequence

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from gcpypi.main import app


class InvalidCommandLineError(Exception):
    """Command line that the application does not accept."""


def parse_command_line(words: Sequence[str], *, is_mention: bool = False) -> None:
    """Parse the words after ``gcpypi`` without running the command.

    :param is_mention: true for words in the text, which can leave out the arguments.
    :raises InvalidCommandLineError: if a command, an option or a value is unknown or missing.
    """
    command = get_command(app)
    _disarm(command)
    try:
        command.main(list(words), prog_name="gcpypi", standalone_mode=False)
    except TyperException as error:
        if not (is_mention and _is_missing_argument(error)):
            line = " ".join(("gcpypi", *words))
            raise InvalidCommandLineError(f"{line}: {error.format_message()}") from error


def _is_missing_argument(error: TyperException) -> bool:
    """Return whether a value is missing, not wrong. Typer does not export its class."""
    return type(error).__name__ == "MissingParameter"


def _disarm(command: object) -> None:
    """Remove the functions of a command and of its subcommands."""
    if isinstance(command, typer.core.TyperCommand | typer.core.TyperGroup):
        command.callback = None
    for each in getattr(command, "commands", {}).values():
        _disarm(each)
