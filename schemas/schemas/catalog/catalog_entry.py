"""Facts of a project for the catalog, stored as custom metadata on the object of its record.

The catalog reads them in one listing and opens no record. Cloud Storage limits the custom metadata
of an object to 8 KiB (https://cloud.google.com/storage/quotas#objects), so each value is capped.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, SkipValidation

from schemas import layout
from schemas.catalog.latest_release import (
    choose_keywords,
    join_values,
    list_files_of_release,
    list_required_projects,
    split_values,
)
from schemas.catalog.recent_events import (
    ProjectEvent,
    decode_events,
    encode_events,
    find_newest_events,
)
from schemas.names import ProjectName, parse_display_name
from schemas.records import FileRecord, ProjectRecord
from schemas.releases import choose_latest_file, get_status, list_offered_files, rank_file
from schemas.types import Model, Revision, Status, UtcTime, Version

_MAX_VALUE_SIZE = 1024
"""Maximum size of one value, in bytes of UTF-8. Names have at most 255 bytes, summaries 512."""
_MAX_LIST_SIZE = 512
"""Maximum size of a list in the custom metadata, in bytes. Values that do not fit are left out."""


Values = tuple[Any, ...]


def _read_by(parse: Callable[[str], Values]) -> BeforeValidator:
    """Parse the text of custom metadata; leave other values as they are."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _write_by(format_values: Callable[[Values, int], str]) -> PlainSerializer:
    return PlainSerializer(lambda values: format_values(values, _MAX_LIST_SIZE), when_used="json")


_EVENTS = (SkipValidation, _read_by(decode_events), _write_by(encode_events))
_TEXTS = (SkipValidation, _read_by(split_values), _write_by(join_values))
"""Forms of lists in custom metadata.

Their items are not validated again: the indexer wrote them, and a large catalog has a million.
"""


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
    recent: Annotated[tuple[ProjectEvent, ...], *_EVENTS] = ()
    """Newest three events, the newest first: releases with offered files, and commands."""
    requires: Annotated[tuple[ProjectName, ...], *_TEXTS] = ()
    """Projects that the latest release requires, those of its extras last."""
    keywords: Annotated[tuple[str, ...], *_TEXTS] = ()
    """Keywords of the latest release."""

    @classmethod
    def from_record(cls, record: ProjectRecord) -> Self:
        """Derive the entry from a record."""
        files = list_offered_files(record)
        newest = choose_latest_file(record, files)
        named = newest or max(record.files.values(), key=rank_file, default=None)
        facts = {
            "project": record.project,
            layout.RECORD_REVISION: record.revision,
            "display-name": parse_display_name(named.filename) if named else record.project,
            "latest-upload": max((file.upload_time for file in files), default=None),
            "file-count": len(files),
            "status": get_status(record),
            "recent": encode_events(find_newest_events(record, files), _MAX_LIST_SIZE),
            **(_describe_release(newest, files) if newest else {}),
        }
        return cls.model_validate(facts)

    @classmethod
    def read(cls, project: ProjectName, metadata: Mapping[str, str]) -> Self:
        """Read the entry from the custom metadata of the record's object."""
        return cls.model_validate({"project": project, **metadata})

    def to_metadata(self) -> dict[str, str]:
        """Return the entry as custom metadata, without empty lists."""
        empty = {name for name in ("recent", "requires", "keywords") if not getattr(self, name)}
        facts = self.model_dump(
            mode="json", by_alias=True, exclude={"project", *empty}, exclude_none=True
        )
        return {key: _truncate(str(value)) for key, value in facts.items()}


def _describe_release(latest: FileRecord, offered: Iterable[FileRecord]) -> dict[str, object]:
    files = list_files_of_release(offered, latest)
    return {
        "latest-version": latest.version,
        "summary": latest.summary or "",
        "requires": join_values(list_required_projects(files), _MAX_LIST_SIZE),
        "keywords": join_values(choose_keywords(files), _MAX_LIST_SIZE),
    }


def _truncate(value: str) -> str:
    return value.encode()[:_MAX_VALUE_SIZE].decode(errors="ignore")
