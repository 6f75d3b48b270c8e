"""Rules that close projects (PEP 792) and releases to new files."""

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
    escape_project,
    normalize_release,
    parse_display_name,
    parse_filename,
    validate_filename,
)
from schemas.records import ProjectRecord

RequireOpen = Callable[[ParsedName, datetime], bool]
"""Function that raises :class:`Refused` if the project or release of a new file is closed.

It receives the name and the upload time of the file. It returns False if the project has no record,
so that no other rule of the record applies.
"""

MAX_RECORD_SIZE = 12 << 20
"""Size of a record, in bytes, above which its project accepts no new files.

The indexer and the publisher hold a record in memory. They accept larger ones, because uploads
that pass this check at the same time can exceed the limit.
"""
CLOSED = frozenset({"archived", "quarantined"})


def accept_every_file(name: ParsedName, uploaded: datetime) -> bool:
    """Accept every new file: no project or release is closed. The project can have a record."""
    return True


@dataclass(frozen=True, slots=True)
class ClosingRules:
    """Rules that close projects and releases, evaluated on custom metadata.

    The rules do not read files, and read a record only if its custom metadata is invalid. The
    status of a project is in the custom metadata of its record. The time of a release's first
    upload is not there, because a project can have thousands of releases: it is the earliest upload
    time in the custom metadata of the release's files.
    """

    metadata: Bucket
    packages: Bucket
    release_closes_after: timedelta | None = None

    def require_open(self, name: ParsedName, uploaded: datetime) -> bool:
        """Refuse a new file of a closed project or release; return whether there is a record.

        :raises Refused: if the project is archived or quarantined, if its record is larger than
            :data:`MAX_RECORD_SIZE`, or if the release is older than ``release_closes_after``.
        """
        project = ProjectName(name.project)
        record = self.metadata.stat(layout.locate_record(project))
        if record is None:
            return False
        entry = self._read_entry(project, record)
        if entry.status in CLOSED:
            raise Refused(
                Reason.PROJECT_CLOSED,
                f"{project} is {entry.status}: ask an operator to make it active (set-status)",
            )
        self._require_open_release(name, entry, uploaded)
        _require_small(project, record)
        return True

    def _require_open_release(
        self, name: ParsedName, entry: CatalogEntry, uploaded: datetime
    ) -> None:
        if self.release_closes_after is not None:
            first = _find_first_upload(self._list_files(name, entry), name)
            if first is not None and uploaded - first > self.release_closes_after:
                raise Refused(
                    Reason.PROJECT_CLOSED,
                    f"{name.project} {name.version} was first uploaded on {first:%Y-%m-%d} and is"
                    " closed to new files (RELEASE_CLOSES_AFTER): publish a new version",
                )

    def _read_entry(self, project: ProjectName, record: ObjectInfo) -> CatalogEntry:
        """Read the custom metadata; if it is invalid, derive the entry from the record."""
        try:
            return CatalogEntry.read(project, record.metadata)
        except ValidationError:
            stored = self.metadata.read(record.name)
            if stored is None:
                raise
            return CatalogEntry.from_record(ProjectRecord.model_validate_json(stored.data))

    def _list_files(self, name: ParsedName, entry: CatalogEntry) -> Iterable[ObjectInfo]:
        """List the project's promoted files.

        It lists the objects with three prefixes, the spellings of the project name: that of the
        new file, that of the latest file, and the normalised spelling.
        """
        new = parse_display_name(validate_filename(name.filename))
        normalised = escape_project(ProjectName(name.project))
        for spelling in sorted({new, entry.display_name, normalised}):
            yield from self.packages.list(f"{spelling}-")


def _require_small(project: ProjectName, record: ObjectInfo) -> None:
    if record.size > MAX_RECORD_SIZE:
        raise Refused(
            Reason.PROJECT_TOO_LARGE,
            f"the record of {project} has {record.size} bytes; the limit is {MAX_RECORD_SIZE}."
            " Publish under another project name",
        )


def _find_first_upload(files: Iterable[ObjectInfo], name: ParsedName) -> datetime | None:
    """Return the upload time of the release's first file; None if the release has no file."""
    release = (name.project, normalize_release(str(name.version)))
    times = (
        info.metadata[layout.UPLOAD_TIME]
        for info in files
        if layout.UPLOAD_TIME in info.metadata and _parse_release(info.name) == release
    )
    return min(map(datetime.fromisoformat, times), default=None)


def _parse_release(filename: str) -> tuple[str, str] | None:
    try:
        project, version = parse_filename(filename)
    except InvalidFilename:
        return None
    return project, normalize_release(version)
