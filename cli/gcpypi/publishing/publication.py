"""State of one file on its way to the index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from checks.refusal import Refused
from schemas.names import InvalidFilename, ProjectName, parse_filename
from schemas.verdict_documents import Verdict


class Stage(StrEnum):
    """Stages of a file."""

    WAITING = "not uploaded"
    """The file is not uploaded yet."""
    UPLOADED = "uploaded"
    """The file is in the incoming bucket."""
    ACCEPTED = "accepted"
    """The file has passed the checks of ingest, and no page was seen that lists it."""
    PUBLISHED = "published"
    """The page of the project lists the file."""
    PRESENT = "already there"
    """The page listed the file before the upload."""
    REFUSED = "refused"
    """The local check, or ingest, refuses the file."""
    FAILED = "failed"
    """The upload failed, or the verdict is unreadable."""


FINAL = (Stage.PUBLISHED, Stage.PRESENT, Stage.REFUSED, Stage.FAILED)
"""Stages that do not change."""


@dataclass(slots=True)
class Publication:
    """One file, changed by one thread at a time."""

    path: Path
    filename: str = field(init=False)
    """Name of the file, without its folder."""
    project: ProjectName | None = field(init=False)
    """Project in the name of the file; None if the name is invalid."""
    stage: Stage = Stage.WAITING
    sha256: str | None = None
    """Digest of the file, after its check."""
    warnings: Sequence[str] = ()
    """Warnings of the local check."""
    reason: str | None = None
    """Reason code of a refusal."""
    detail: str | None = None
    """Error, place and remedy."""
    name: str | None = None
    """Name of the object in the incoming bucket."""
    generation: int | None = None
    """Generation of the object in the incoming bucket."""
    created: datetime | None = None
    """Creation time of the object, by the clock of Cloud Storage."""
    uploaded_at: float = 0.0
    """Seconds of the monotonic clock at the end of the upload."""

    def __post_init__(self) -> None:
        """Find the names once, because each round of requests needs them."""
        self.filename = self.path.name
        try:
            self.project = parse_filename(self.filename)[0]
        except InvalidFilename:
            self.project = None

    def refuse(self, refused: Refused) -> None:
        """Record a refusal of the local check."""
        self.stage, self.reason, self.detail = Stage.REFUSED, str(refused.reason), refused.detail

    def apply_verdict(self, verdict: Verdict) -> None:
        """Record the verdict of ingest."""
        if verdict.outcome == "accepted":
            self.stage = Stage.ACCEPTED
        else:
            self.stage = Stage.REFUSED
            self.reason, self.detail = verdict.reason, verdict.detail
