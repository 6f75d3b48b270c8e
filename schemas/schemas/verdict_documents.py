"""Verdicts: final results of uploads and commands."""

from typing import Literal

from schemas.types import Document, Generation, Sha256, UtcTime


class Verdict(Document):
    """Final result for one generation of an incoming object."""

    outcome: Literal["accepted", "refused"]
    """Result of the validation."""
    bucket: str
    """Name of the incoming bucket."""
    name: str
    """Name of the incoming object."""
    generation: Generation
    """Generation of the incoming object; 0 if it was not found."""
    time: UtcTime
    """Time of the verdict."""
    reason: str | None = None
    """Stable reason code of a refusal."""
    detail: str | None = None
    """Error, place and remedy of a refusal, in one or two sentences."""
    warnings: tuple[str, ...] = ()
    """Faults that do not affect installers; each begins with its reason code."""
    sha256: Sha256 | None = None
    """SHA-256 of the file, if the whole file was read."""
    address: str | None = None
    """URL path of an accepted file: ``/packages/<filename>``."""
    command_id: str | None = None
    """Id of the command in a command object; ``commands/<command_id>.json`` is its answer."""


class CommandVerdict(Document):
    """Result of a command."""

    outcome: Literal["done", "refused"]
    """Result of the command; ``done`` also if a newer command was applied before it."""
    command_id: str
    """Id of the command."""
    time: UtcTime
    """Time of the verdict."""
    reason: str | None = None
    """Stable reason code of a refusal."""
    detail: str | None = None
    """Error, place and remedy of a refusal, in one or two sentences."""
