"""What a project's pages say, derived from its record once, for the HTML and the JSON alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from schemas import layout
from schemas.names import ProjectName, Version
from schemas.records import FileRecord, ProjectRecord
from schemas.releases import file_order, latest, offered, status_of, yank_of
from schemas.types import Status


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that the pages offer."""

    facts: FileRecord
    requires_python: str | None
    """``Requires-Python`` (PEP 503); None where it says nothing."""
    yanked: str | None
    """Why it is yanked (PEP 592): empty without a reason, None if it is not yanked."""

    @property
    def address(self) -> str:
        """Its URL's path, percent-encoded."""
        return layout.file_address(self.facts.filename)


@dataclass(frozen=True, slots=True)
class Listing:
    """A project's pages, before they are written in a language."""

    project: ProjectName
    status: Status
    """PEP 792."""
    status_reason: str
    """Why it has that status; empty where nobody said."""
    files: tuple[ListedFile, ...]
    """What is offered, in total order: oldest release first."""
    latest: ListedFile | None
    """The file that speaks for the latest release: one with metadata, where there is one.

    Of yanked files only if there are no others.
    """

    @classmethod
    def from_record(cls, record: ProjectRecord) -> Self:
        """Derive the listing from a record; the same for the same record."""
        files = tuple(_listed(record, file) for file in offered(record))
        reason = record.status.reason if record.status else None
        return cls(
            project=record.project,
            status=status_of(record),
            status_reason=printable(reason or ""),
            files=files,
            latest=_speaker(files, latest(record)),
        )

    @property
    def versions(self) -> tuple[Version, ...]:
        """The releases that are offered, in PEP 440's order (PEP 700)."""
        return tuple(dict.fromkeys(file.facts.version for file in self.files))


def printable(text: str) -> str:
    r"""``text`` on one line, without what cannot be printed.

    HTML knows no control characters and reads ``\r\n`` as ``\n``: what both languages are to say
    alike must be free of them (https://html.spec.whatwg.org/multipage/parsing.html).
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _listed(record: ProjectRecord, file: FileRecord) -> ListedFile:
    yank = yank_of(record, file)
    return ListedFile(
        facts=file,
        requires_python=printable(file.requires_python or "") or None,
        yanked=printable(yank.reason or "") if yank else None,
    )


def _speaker(files: Iterable[ListedFile], newest: FileRecord | None) -> ListedFile | None:
    candidates = [f for f in files if newest is None or f.facts.version == newest.version]
    return max(candidates, key=_speaking_order, default=None)


def _speaking_order(file: ListedFile) -> tuple[object, ...]:
    version, *rest = file_order(file.facts)
    return (file.yanked is None, version, file.facts.metadata_sha256 is not None, *rest)
