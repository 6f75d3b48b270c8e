"""Check of a project's files: compare its record with the packages bucket."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cloud.ports import Bucket, ObjectInfo
from publisher.repair.difference import Difference, DifferenceKind
from schemas import layout
from schemas.names import (
    InvalidFilename,
    ProjectName,
    escape_project,
    parse_display_name,
    parse_filename,
)
from schemas.records import FileRecord, ProjectRecord
from schemas.releases import list_offered_files
from schemas.releases.equivalence import group_equivalent
from schemas.types import format_time


@dataclass(frozen=True, slots=True)
class FileCheck:
    """Comparison of records with the packages bucket."""

    packages: Bucket
    read_files: bool
    """Also read and hash every file; otherwise only files of another generation than recorded."""

    def check(self, record: ProjectRecord) -> Iterator[Difference]:
        """Yield missing files, different files, and files without an entry in the record.

        It costs one listing for each spelling of the project in file names, so usually one.
        """
        spellings = {parse_display_name(name) for name in record.files} | {
            escape_project(record.project)
        }
        found = {
            info.name: info
            for spelling in sorted(spellings)
            for info in self.packages.list(f"{spelling}-")
            if _is_of(info.name, record.project)
        }
        for file in record.files.values():
            yield from self._check_file(file, found.pop(file.filename, None))
            metadata = found.pop(layout.locate_core_metadata(file.filename), None)
            yield from self._check_metadata(file, metadata)
        yield from self._report_equivalents(record)
        yield from self.report_orphans(found)

    def report_orphans(self, names: Iterable[str]) -> Iterator[Difference]:
        """Yield a difference for each object without an entry in a record."""
        for name in names:
            yield self._report(name, "orphan", "no record lists it")

    def _check_file(self, file: FileRecord, info: ObjectInfo | None) -> Iterator[Difference]:
        if info is None:
            yield self._report(
                file.filename, "missing-file", f"the record of {file.project} lists it"
            )
        elif wrong := _describe_differences(file, info):
            yield self._report(file.filename, "other-file", "; ".join(wrong))
        elif self._must_read(file, info) and (read := self._compute_digest(info)) != file.sha256:
            yield self._report(file.filename, "other-file", f"its bytes have sha256 {read}")

    def _must_read(self, file: FileRecord, info: ObjectInfo) -> bool:
        """Return whether to hash the file: the bytes of the recorded generation cannot change.

        A restored or copied object has a new generation.
        """
        return self.read_files or info.generation != file.generation

    def _report_equivalents(self, record: ProjectRecord) -> Iterator[Difference]:
        """Yield the listed files that are equivalent to another listed file."""
        for first, *others in group_equivalent(list_offered_files(record)):
            for file in others:
                detail = (
                    f"it has the same release, build number and tag set as {first.filename}, and "
                    "both are listed: remove the one that no installer needs"
                )
                yield self._report(file.filename, "equivalent-files", detail)

    def _check_metadata(self, file: FileRecord, info: ObjectInfo | None) -> Iterator[Difference]:
        """Compare ``.metadata`` with the record. Old records of sdists have no digest of it."""
        recorded = file.metadata_sha256 or file.pkg_info_sha256
        name = layout.locate_core_metadata(file.filename)
        if recorded is None:
            return
        if info is None:
            yield self._report(name, "missing-metadata", "the record has its digest")
        elif (read := self._compute_digest(info)) != recorded:
            detail = f"its bytes have sha256 {read}, the record has {recorded}"
            yield self._report(name, "other-metadata", detail)

    def _compute_digest(self, info: ObjectInfo) -> str:
        digest = hashlib.sha256()
        for chunk in self.packages.stream(info):
            digest.update(chunk)
        return digest.hexdigest()

    def _report(self, name: str, kind: DifferenceKind, detail: str) -> Difference:
        return Difference.from_object(self.packages, name, kind, detail)


def _is_of(name: str, project: ProjectName) -> bool:
    """Return False for a file of another project: the prefix `a-` also finds `a-b-1.0.tar.gz`."""
    try:
        return parse_filename(name.removesuffix(layout.METADATA_SUFFIX))[0] == project
    except InvalidFilename:
        return True


def _describe_differences(file: FileRecord, info: ObjectInfo) -> list[str]:
    """Describe the facts in which an object differs from its record."""
    recorded = {
        layout.SHA256: file.sha256,
        layout.UPLOAD_TIME: format_time(file.upload_time),
        layout.UPLOADER: file.uploader,
        layout.SOURCE_GENERATION: str(file.source_generation),
        "size": str(file.size),
    }
    actual = {**info.metadata, "size": str(info.size)}
    return [
        f"its {fact} is {actual.get(fact)}, the record has {value}"
        for fact, value in recorded.items()
        if actual.get(fact) != value
    ]
