"""Facts of a project for the catalog, stored as custom metadata on the object of its record.

The catalog reads them in one listing and opens no record. Cloud Storage limits the custom metadata
of an object to 8 KiB (https://cloud.google.com/storage/quotas#objects), so each value is capped.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from schemas import layout
from schemas.names import ProjectName, parse_display_name
from schemas.records import ProjectRecord
from schemas.releases import find_latest_file, get_status, list_offered_files, rank_file
from schemas.types import Model, Revision, Status, UtcTime, Version

_MAX_VALUE_SIZE = 1024
"""Maximum size of one value, in bytes of UTF-8. Names have at most 255 bytes, summaries 512."""


class CatalogEntry(Model):
    """One project in the catalog."""

    project: ProjectName
    """Normalised name of the project."""
    revision: Annotated[Revision, Field(alias=layout.RECORD_REVISION)]
    """Revision of the project's record."""
    display_name: Annotated[str, Field(alias="display-name")]
    """Name of the project in the spelling of its latest file."""
    latest_version: Annotated[Version | None, Field(alias="latest-version")] = None
    """Latest release that is neither yanked nor removed. Final releases precede pre-releases."""
    latest_upload: Annotated[UtcTime | None, Field(alias="latest-upload")] = None
    """Upload time of the newest offered file."""
    summary: str = ""
    """Summary of the latest release."""
    file_count: Annotated[int, Field(alias="file-count")] = 0
    """Number of offered files."""
    status: Status = "active"
    """Status marker of the project (PEP 792)."""

    @classmethod
    def from_record(cls, record: ProjectRecord) -> Self:
        """Derive the entry from a record."""
        files, newest = list_offered_files(record), find_latest_file(record)
        named = newest or max(record.files.values(), key=rank_file, default=None)
        facts = {
            "project": record.project,
            layout.RECORD_REVISION: record.revision,
            "display-name": parse_display_name(named.filename) if named else record.project,
            "latest-version": newest.version if newest else None,
            "latest-upload": max((file.upload_time for file in files), default=None),
            "summary": (newest.summary if newest else None) or "",
            "file-count": len(files),
            "status": get_status(record),
        }
        return cls.model_validate(facts)

    @classmethod
    def read(cls, project: ProjectName, metadata: Mapping[str, str]) -> Self:
        """Read the entry from the custom metadata of the record's object."""
        return cls.model_validate({"project": project, **metadata})

    def to_metadata(self) -> dict[str, str]:
        """Return the entry as custom metadata."""
        facts = self.model_dump(mode="json", by_alias=True, exclude={"project"}, exclude_none=True)
        return {key: _truncate(str(value)) for key, value in facts.items()}


def _truncate(value: str) -> str:
    return value.encode()[:_MAX_VALUE_SIZE].decode(errors="ignore")
