"""A project's files: what its record says of them against what the packages bucket holds."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cloud.ports import Bucket, ObjectInfo
from publisher.repair.difference import Difference, Kind
from schemas import layout
from schemas.names import display_name, usual_spelling
from schemas.records import FileRecord, ProjectRecord
from schemas.types import format_time


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Compares records with the packages bucket."""

    packages: Bucket
    read_files: bool
    """Whether to read every file to its end, and not only what is said of it."""

    def look(self, record: ProjectRecord) -> Iterator[Difference]:
        """Yield what is missing, what is another, and what the record does not know.

        One listing for each way in which file names spell the project, mostly one.
        """
        spellings = {display_name(name) for name in record.files} | {usual_spelling(record.project)}
        found = {
            info.name: info
            for spelling in sorted(spellings)
            for info in self.packages.list(f"{spelling}-")
        }
        for file in record.files.values():
            yield from self._file(file, found.pop(file.filename, None))
            if file.metadata_sha256 is not None:
                sibling = found.pop(layout.core_metadata(file.filename), None)
                yield from self._metadata(file, sibling)
        yield from self.orphans(found)

    def orphans(self, names: Iterable[str]) -> Iterator[Difference]:
        """Say of each object that no record speaks of it."""
        for name in names:
            yield self._at(name, "orphan", "no record speaks of it")

    def _file(self, file: FileRecord, info: ObjectInfo | None) -> Iterator[Difference]:
        if info is None:
            yield self._at(file.filename, "missing-file", f"{file.project}'s record speaks of it")
        elif wrong := _contradictions(file, info):
            yield self._at(file.filename, "other-file", "; ".join(wrong))
        elif self.read_files and (read := self._digest(info)) != file.sha256:
            yield self._at(file.filename, "other-file", f"its bytes have sha256 {read}")

    def _metadata(self, file: FileRecord, info: ObjectInfo | None) -> Iterator[Difference]:
        name = layout.core_metadata(file.filename)
        if info is None:
            yield self._at(name, "missing-metadata", "the pages offer it")
        elif (read := self._digest(info)) != file.metadata_sha256:
            detail = f"its bytes have sha256 {read}, recorded is {file.metadata_sha256}"
            yield self._at(name, "other-metadata", detail)

    def _digest(self, info: ObjectInfo) -> str:
        digest = hashlib.sha256()
        for chunk in self.packages.stream(info):
            digest.update(chunk)
        return digest.hexdigest()

    def _at(self, name: str, kind: Kind, detail: str) -> Difference:
        return Difference.at(self.packages, name, kind, detail)


def _contradictions(file: FileRecord, info: ObjectInfo) -> list[str]:
    """What the record says of a file otherwise than the object; bytes belong to a generation."""
    recorded = {
        layout.SHA256: file.sha256,
        layout.UPLOAD_TIME: format_time(file.upload_time),
        layout.UPLOADER: file.uploader,
        layout.SOURCE_GENERATION: str(file.source_generation),
        "generation": str(file.generation),
        "size": str(file.size),
    }
    held = {**info.metadata, "generation": str(info.generation), "size": str(info.size)}
    return [
        f"its {fact} is {held.get(fact)}, recorded is {value}"
        for fact, value in recorded.items()
        if held.get(fact) != value
    ]
