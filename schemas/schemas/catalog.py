"""What the catalog knows of a project, kept as custom metadata on its record's object.

So the catalog needs one listing and reads no record. Cloud Storage holds at most 8 KiB of custom
metadata an object (https://cloud.google.com/storage/quotas#objects), so each value is capped.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from schemas import layout
from schemas.names import ProjectName, display_name
from schemas.records import ProjectRecord
from schemas.releases import file_order, latest, offered, status_of
from schemas.types import Model, Revision, Status, UtcTime, Version

_CAP = 1024
"""Bytes of UTF-8 of one value: names are at most 255 long, summaries 512."""


class CatalogEntry(Model):
    """One project, as the catalog lists it."""

    project: ProjectName
    """The project, normalised."""
    revision: Annotated[Revision, Field(alias=layout.RECORD_REVISION)]
    """The revision of its record."""
    display_name: Annotated[str, Field(alias="display-name")]
    """Its name as the latest file spells it."""
    latest_version: Annotated[Version | None, Field(alias="latest-version")] = None
    """The latest release that is neither yanked nor removed, finals first."""
    latest_upload: Annotated[UtcTime | None, Field(alias="latest-upload")] = None
    """When the newest file it offers came."""
    summary: str = ""
    """The latest release's summary."""
    file_count: Annotated[int, Field(alias="file-count")] = 0
    """How many files it offers."""
    status: Status = "active"
    """Its status (PEP 792)."""

    @classmethod
    def from_record(cls, record: ProjectRecord) -> Self:
        """Derive the entry from a record."""
        files, newest = offered(record), latest(record)
        named = newest or max(record.files.values(), key=file_order, default=None)
        facts = {
            "project": record.project,
            layout.RECORD_REVISION: record.revision,
            "display-name": display_name(named.filename) if named else record.project,
            "latest-version": newest.version if newest else None,
            "latest-upload": max((file.upload_time for file in files), default=None),
            "summary": (newest.summary if newest else None) or "",
            "file-count": len(files),
            "status": status_of(record),
        }
        return cls.model_validate(facts)

    @classmethod
    def read(cls, project: ProjectName, metadata: Mapping[str, str]) -> Self:
        """Read the entry from the custom metadata of the record's object."""
        return cls.model_validate({"project": project, **metadata})

    def metadata(self) -> dict[str, str]:
        """The entry as custom metadata."""
        facts = self.model_dump(mode="json", by_alias=True, exclude={"project"}, exclude_none=True)
        return {key: _capped(str(value)) for key, value in facts.items()}


def _capped(value: str) -> str:
    return value.encode()[:_CAP].decode(errors="ignore")
