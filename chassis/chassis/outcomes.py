"""The outcomes of a push, as the services' cores state them (DESIGN: "The outcomes of a push")."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message, as it is logged. A core returns one of the first three."""

    name: Literal["done", "refused", "ignored", "too-early", "failed"]
    """``refused`` is a user's mistake: a warning, and never delivered again."""
    project: str | None = None
    """The project it was about, where known."""
    file: str | None = None
    """The file it was about, where known."""
    reason: str | None = None
    """A stable code, where it was refused or ignored."""
    detail: str | None = None
    """A sentence, where it was refused."""


class TooEarly(Exception):
    """What the message speaks of is not there yet: it is to be delivered again (503)."""
