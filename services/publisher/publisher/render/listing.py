"""Content of a project's pages, derived once from its record for both HTML and JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from schemas import layout
from schemas.names import ProjectName, Version
from schemas.records import FileRecord, ProjectRecord, Register
from schemas.releases import find_latest_file, find_yank, get_status, list_offered_files, rank_file
from schemas.types import Status


@dataclass(frozen=True, slots=True)
class ListedFile:
    """File that the pages list."""

    facts: FileRecord
    requires_python: str | None
    """``Requires-Python`` (PEP 503); None if it is absent or blank."""
    yanked: str | None
    """Reason of the yank (PEP 592): empty if none was given, None if the file is not yanked."""

    @property
    def link(self) -> str:
        """Relative URL of the file, for the pages of its project."""
        return layout.format_file_link(self.facts.filename)


@dataclass(frozen=True, slots=True)
class Listing:
    """Content of a project's pages, independent of the format."""

    project: ProjectName
    status: Status
    """Project status (PEP 792)."""
    status_reason: str
    """Reason of the status; empty if none was given."""
    files: tuple[ListedFile, ...]
    """Offered files in total order: oldest release first."""
    latest: ListedFile | None
    """File that represents the latest release, if possible one with core metadata.

    A yanked file only if all files are yanked; None if there are no files.
    """

    @classmethod
    def from_record(cls, record: ProjectRecord) -> Self:
        """Derive the listing from a record; equal records give equal listings."""
        files = tuple(_make_listed_file(record, file) for file in list_offered_files(record))
        reason = record.status.reason if record.status else None
        return cls(
            project=record.project,
            status=get_status(record),
            status_reason=make_printable(reason or ""),
            files=files,
            latest=_choose_representative(files, find_latest_file(record)),
        )

    @property
    def versions(self) -> tuple[Version, ...]:
        """Offered releases in the order of PEP 440 (PEP 700)."""
        return tuple(dict.fromkeys(file.facts.version for file in self.files))

    def list_files(self, version: Version) -> tuple[ListedFile, ...]:
        """Return the offered files of a version."""
        return tuple(file for file in self.files if file.facts.version == version)

    def find_representative(self, version: Version) -> ListedFile | None:
        """Return the file that represents a version, if possible one with core metadata.

        A yanked file only if all files are yanked; None if the version has no files.
        """
        return max(self.list_files(version), key=_rank_representative, default=None)


def make_printable(text: str) -> str:
    r"""Return ``text`` on one line, without unprintable characters.

    HTML cannot contain control characters, and HTML parsers read ``\r\n`` as ``\n``. Without such
    characters, the text is the same in HTML and JSON
    (https://html.spec.whatwg.org/multipage/parsing.html).
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _make_listed_file(record: ProjectRecord, file: FileRecord) -> ListedFile:
    yank = find_yank(record, file)
    return ListedFile(
        facts=file,
        requires_python=make_printable(file.requires_python or "") or None,
        yanked=_read_reason(yank) if yank else None,
    )


def _read_reason(yank: Register) -> str:
    """Return the reason of a yank; empty without a reason.

    gcpypi 0.2.0 and older releases stored the reason ``yanked`` for a yank without a reason.
    """
    reason = make_printable(yank.reason or "")
    return "" if reason.casefold() == "yanked" else reason


def _choose_representative(
    files: Iterable[ListedFile], newest: FileRecord | None
) -> ListedFile | None:
    candidates = [f for f in files if newest is None or f.facts.version == newest.version]
    return max(candidates, key=_rank_representative, default=None)


def _rank_representative(file: ListedFile) -> tuple[object, ...]:
    version, *rest = rank_file(file.facts)
    return (file.yanked is None, version, file.facts.metadata_sha256 is not None, *rest)
