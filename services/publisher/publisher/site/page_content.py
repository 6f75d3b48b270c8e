"""Content of the pages for people, before it is rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.metadata import RawMetadata

from publisher.render.listing import Listing
from schemas.file_notes import FileNotes
from schemas.names import Filename, Version
from schemas.records import ProjectRecord


@dataclass(frozen=True, slots=True)
class Readme:
    """Description of a release, safe for a page."""

    html: str = ""
    """Sanitised HTML; empty without a description."""
    note: str = ""
    """Reason why the description is shown as text; empty if it was rendered."""


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """Everything that the page of one release shows."""

    record: ProjectRecord
    listing: Listing
    version: Version
    metadata: RawMetadata
    """Core metadata of the file that represents the release; empty if it has none."""
    readme: Readme = Readme()
    notes: Mapping[Filename, FileNotes] = field(default_factory=dict)
    """Notes on the files of the release; files without notes are absent."""


@dataclass(frozen=True, slots=True)
class Site:
    """Facts of the index that pages show."""

    title: str
    """Title of the index."""
    index_url: str | None = None
    """Address of the index, ending in ``/simple/``; None: a script inserts the page's own host."""
    readme_images: bool = False
    """Whether remote images of descriptions are shown."""
