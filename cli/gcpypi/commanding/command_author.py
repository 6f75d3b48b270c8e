"""Author of a command: an uploader or an operator, and the names of its objects."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gcpypi.connection.unique_names import make_time_name
from gcpypi.errors import CommandFailure
from gcpypi.settings import LOCAL_AUTHOR, Settings
from schemas.layout import COMMAND_SUFFIX, OPERATORS

_UPLOADER = re.compile(r"[A-Za-z0-9_.-]{1,90}")
_OPERATOR = re.compile(r"[!-.0-~]{1,200}")
"""Names that ingest accepts in the name of a command's object."""


@dataclass(frozen=True, slots=True)
class CommandAuthor:
    """Prefix in the incoming bucket, in which only the author can create objects."""

    prefix: str
    """``<uploader>`` or ``operators/<name>``."""

    @property
    def is_operator(self) -> bool:
        """True for an operator."""
        return self.prefix.startswith(f"{OPERATORS}/")

    def create_object_name(self, action: str) -> str:
        """Return a new name for the object of a command."""
        unique = make_time_name(datetime.now(UTC))
        if self.is_operator:
            return f"{self.prefix}/{unique}-{action}{COMMAND_SUFFIX}"
        return f"{self.prefix}/{unique}/{action}{COMMAND_SUFFIX}"


def choose_author(settings: Settings, uploader: str | None, operator: str | None) -> CommandAuthor:
    """Return the author of the flags, of the settings, or the operator of a local index.

    :raises CommandFailure: if there is none, if there are two, or if the name is not valid.
    """
    if uploader and operator:
        raise CommandFailure("--as and --operator exclude each other: give one of them")
    if not uploader and not operator:
        uploader, operator = settings.uploader, settings.operator
    if uploader:
        return _create_uploader(uploader)
    if not operator and settings.is_local:
        operator = LOCAL_AUTHOR
    if not operator:
        raise CommandFailure(
            "no author: give --operator NAME (GCPYPI_OPERATOR), or --as UPLOADER (GCPYPI_UPLOADER)"
        )
    if not _OPERATOR.fullmatch(operator):
        raise CommandFailure(f"{operator!r} is not the name of an operator: use ASCII, and no /")
    return CommandAuthor(f"{OPERATORS}/{operator}")


def _create_uploader(name: str) -> CommandAuthor:
    if name == OPERATORS:
        raise CommandFailure(f"{OPERATORS} is no uploader: give --operator NAME")
    if not _UPLOADER.fullmatch(name):
        raise CommandFailure(f"{name!r} is not the name of an uploader: use letters and digits")
    return CommandAuthor(name)
