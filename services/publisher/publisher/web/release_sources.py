"""Sources of the pages for people in the packages bucket: METADATA, and the notes of ingest."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from packaging.metadata import RawMetadata

from cloud.ports import Bucket
from publisher.render.listing import Listing
from publisher.site.page_content import Readme, ReleaseContent
from publisher.web.core_fields import read_core_fields
from schemas import layout
from schemas.file_notes import FileNotes, read_file_notes
from schemas.names import Filename, Version
from schemas.records import FileRecord, ProjectRecord

_REMEMBERED = 20_000
"""Number of files with notes in memory: notes of a promoted object do not change."""


@dataclass(frozen=True)
class ReleaseSources:
    """Contents of releases, read when a page needs them; safe for threads."""

    packages: Bucket
    render_readme: Callable[[RawMetadata], Readme]
    _read_notes: Callable[[Filename, int], FileNotes | None] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read_notes", lru_cache(_REMEMBERED)(self._stat_notes))

    def load(
        self,
        record: ProjectRecord,
        listing: Listing,
        version: Version,
        turn: Lock,
        others: Collection[Filename] = (),
    ) -> ReleaseContent:
        """Read the content of one release: one METADATA, and a ``stat`` for each of its files.

        :param others: further files, to read their notes.
        :param turn: lock of the project. Only one of its descriptions is rendered at a time, so
            that a project of many slow ones leaves the other child processes to other projects.
        """
        files = record.files.values()
        representative = listing.find_representative(version)
        metadata = self._read_metadata(representative.facts) if representative else {}
        with turn:
            readme = self.render_readme(metadata)
        return ReleaseContent(
            record=record,
            listing=listing,
            version=version,
            metadata=metadata,
            readme=readme,
            notes=self.read_notes(
                file for file in files if file.version == version or file.filename in others
            ),
        )

    def read_notes(self, files: Iterable[FileRecord]) -> Mapping[Filename, FileNotes]:
        """Return the notes of ingest on files, without the files of unknown notes."""
        found = {file.filename: self._read_notes(file.filename, file.generation) for file in files}
        return {name: notes for name, notes in found.items() if notes is not None}

    def _stat_notes(self, filename: Filename, recorded: int) -> FileNotes | None:
        """Return the notes, also empty ones; None if ingest wrote none: an older release did not.

        Only a file with notes is shown as accepted without warnings.

        :param recorded: recorded generation; facts with another one are read again.
        """
        info = self.packages.stat(filename)  # a restored object has another generation
        if info is None or layout.WARNINGS not in info.metadata:
            return None
        return read_file_notes(info.metadata)

    def _read_metadata(self, file: FileRecord) -> RawMetadata:
        """Return the fields of a file; without fields if no METADATA or PKG-INFO is stored."""
        if file.metadata_sha256 is None and file.pkg_info_sha256 is None:
            return {}
        stored = self.packages.read(layout.locate_core_metadata(file.filename))
        return read_core_fields(stored.data) if stored else {}
