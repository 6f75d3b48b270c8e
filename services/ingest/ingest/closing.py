"""Whether a project still takes files (PEP 792), and whether a release does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from checks.distribution import ParsedName
from checks.refusal import Reason, Refused
from cloud.ports import Bucket, ObjectInfo
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import (
    InvalidFilename,
    ProjectName,
    checked_filename,
    display_name,
    parse_filename,
    release_of,
    usual_spelling,
)
from schemas.records import ProjectRecord

ExpectOpen = Callable[[ParsedName, datetime], None]
"""Refuses a new file of that name, uploaded then, if nothing more is taken there."""

CLOSED = frozenset({"archived", "quarantined"})


def never_closed(name: ParsedName, uploaded: datetime) -> None:
    """Let every file pass."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What is said of a project, by custom metadata alone: no record and no file is read.

    The record's object tells the project's status. It does not tell when a release began, as there
    may be thousands; the promoted files do, each by its own upload time.
    """

    metadata: Bucket
    packages: Bucket
    release_closes_after: timedelta | None = None

    def expect_open(self, name: ParsedName, uploaded: datetime) -> None:
        """Refuse a file that comes too late; the first of a project never does."""
        project = ProjectName(name.project)
        record = self.metadata.stat(layout.record(project))
        if record is None:
            return
        entry = self._entry(project, record)
        if entry.status in CLOSED:
            raise Refused(
                Reason.PROJECT_CLOSED,
                f"{project} is {entry.status}: an operator can make it active again (set-status)",
            )
        if self.release_closes_after is not None:
            began = _first_upload(self._files(name, entry), name)
            if began is not None and uploaded - began > self.release_closes_after:
                raise Refused(
                    Reason.PROJECT_CLOSED,
                    f"{project} {name.version} began on {began:%Y-%m-%d} and takes no more files"
                    " (RELEASE_CLOSES_AFTER): publish a new version",
                )

    def _entry(self, project: ProjectName, record: ObjectInfo) -> CatalogEntry:
        """Read the custom metadata; where somebody has spoilt it, derive it from the record."""
        try:
            return CatalogEntry.read(project, record.metadata)
        except ValidationError:
            stored = self.metadata.read(record.name)
            if stored is None:
                raise
            return CatalogEntry.from_record(ProjectRecord.model_validate_json(stored.data))

    def _files(self, name: ParsedName, entry: CatalogEntry) -> Iterable[ObjectInfo]:
        """The promoted files whose name is spelled as this one's, as the latest's, or normally."""
        ours = display_name(checked_filename(name.filename))
        usual = usual_spelling(ProjectName(name.project))
        for spelled in sorted({ours, entry.display_name, usual}):
            yield from self.packages.list(f"{spelled}-")


def _first_upload(files: Iterable[ObjectInfo], name: ParsedName) -> datetime | None:
    """When the first file of the same release came; None: there is none."""
    release = (name.project, release_of(str(name.version)))
    times = (
        info.metadata[layout.UPLOAD_TIME]
        for info in files
        if layout.UPLOAD_TIME in info.metadata and _release(info.name) == release
    )
    return min(map(datetime.fromisoformat, times), default=None)


def _release(filename: str) -> tuple[str, str] | None:
    try:
        project, version = parse_filename(filename)
    except InvalidFilename:
        return None
    return project, release_of(version)
