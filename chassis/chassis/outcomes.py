"""Outcomes of a push. :mod:`chassis.push_endpoint` has their response statuses."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one message, for its log line.

    Handlers return ``done``, ``refused`` or ``ignored``.
    """

    name: Literal["done", "refused", "ignored", "too-early", "failed"]
    """``refused`` means a mistake of a user. The log line is a warning. Pub/Sub does not redeliver
    the message."""
    project: str | None = None
    """Project of the message, if known."""
    file: str | None = None
    """File of the message, if known."""
    reason: str | None = None
    """Stable code of the reason, if the message was refused or ignored."""
    detail: str | None = None
    """Explanation of a refusal: one sentence."""
    uploader: str | None = None
    """Uploader of the file. None if a message only names the object, because that proves nothing.
    """


class TooEarly(Exception):
    """Message about an object that does not exist yet; Pub/Sub redelivers the message (503)."""
