"""Outcomes of a push (DESIGN §5, "Outcomes of a push")."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one message, for its log line.

    Handlers return ``done``, ``refused`` or ``ignored``.
    """

    name: Literal["done", "refused", "ignored", "too-early", "failed"]
    """``refused`` is a user's mistake: logged as a warning, never delivered again."""
    project: str | None = None
    """Project of the message, if known."""
    file: str | None = None
    """File of the message, if known."""
    reason: str | None = None
    """Stable code of the reason, if the message was refused or ignored."""
    detail: str | None = None
    """Explanation of a refusal: one sentence."""


class TooEarly(Exception):
    """Message about an object that does not exist yet; Pub/Sub delivers it again (503)."""
