"""Result of the import of one file, and the differences that remain."""

from dataclasses import dataclass
from enum import StrEnum

from gcpypi.importing.sources.source_files import SourceFile


class ImportOutcome(StrEnum):
    """Outcome of one file."""

    IMPORTED = "imported"
    PRESENT = "already there"
    ACCEPTABLE = "acceptable"
    """The checks accept the file; nothing was uploaded (``--dry-run``)."""
    REFUSED = "refused"
    FAILED = "failed"
    """The file could not be read or uploaded. A repetition can succeed."""
    UNANSWERED = "unanswered"
    """The file was uploaded, and has no verdict yet."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """One file with its outcome."""

    file: SourceFile
    outcome: ImportOutcome
    sha256: str | None = None
    """Digest of the file, if it was read or stated."""
    reason: str | None = None
    """Reason code of a refusal."""
    detail: str | None = None
    """Sentence about a refusal or a failure."""
    warnings: tuple[str, ...] = ()

    @property
    def is_listed(self) -> bool:
        """True if the page of the index lists the file, or will list it."""
        return self.outcome in (ImportOutcome.IMPORTED, ImportOutcome.PRESENT)


@dataclass(frozen=True, slots=True)
class ImportDifference:
    """Difference between the source and the index."""

    filename: str
    kind: str
    """``missing``, ``other digest``, ``not yanked``, ``other upload time`` or
    ``other Requires-Python``."""
    source: str
    """Value of the source."""
    index: str
    """Value of the index."""
