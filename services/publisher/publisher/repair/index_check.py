"""Checks of the whole index: the catalog, and objects that belong to no project.

Every check can be repeated: it reads the buckets again and returns the differences of its part.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from cloud.ports import Bucket
from publisher.catalog_pages import read_entry, render_catalog
from publisher.errors import UnreadableEntry
from publisher.project_pages import KINDS
from publisher.repair.difference import Difference, Finding
from publisher.repair.file_check import FileCheck
from publisher.repair.project_check import ProjectCheck
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import (
    Filename,
    ProjectName,
    escape_project,
    parse_display_name,
    try_normalize_project,
)
from schemas.records import ProjectRecord

Check = Callable[[], Sequence[Finding]]
Known = Collection[ProjectName]
"""Projects that have a record."""

_CHANGELOG = re.compile(rf"{layout.CHANGELOG}[1-9][0-9]*\.html")
_INDEX_WIDE = (layout.ROOT_HTML, layout.ROOT_JSON, layout.HOME, layout.BLOCKED)


def parse_record_name(name: str) -> ProjectName | None:
    """Return the project of an object name; None if it is not exactly the name of a record."""
    try:
        project = layout.parse_record_name(name)
    except ValueError:
        return None
    return project if layout.locate_record(project) == name else None


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """Comparison of whole buckets with the records."""

    metadata: Bucket
    static: Bucket
    packages: Bucket
    title: str
    projects: ProjectCheck
    files: FileCheck

    def list_checks(self, known: Known) -> Iterator[Check]:
        """Yield every check; checks of single objects are in the order of the listings."""
        yield self.check_blocked
        yield self.check_catalog
        for info in self.static.list():
            if not _is_index_wide(info.name) and _parse_page_name(info.name) not in known:
                yield partial(self.check_static_object, info.name)
        names = (info.name for info in self.packages.list())
        for spelling, group in groupby(names, key=_parse_spelling):
            project = try_normalize_project(spelling)
            if project is None or project not in known or spelling != escape_project(project):
                yield partial(self.check_spelling, project, tuple(group))

    def check_blocked(self) -> list[Difference]:
        """Report entries of ``blocked.json`` without a record."""
        unknown = [p for p in self.projects.read_blocked().projects if not self._has_record(p)]
        detail = f"it has entries of projects without a record: {', '.join(unknown)}"
        return (
            [Difference.from_object(self.static, layout.BLOCKED, "wrong-blocked", detail)]
            if unknown
            else []
        )

    def check_catalog(self) -> list[Difference]:
        """Compare the pages of the catalog with the custom metadata of the records.

        The check needs as much memory as a catalog run: one entry for each project.
        """
        existing = {info.name: info.generation for info in self.static.list(layout.CHANGELOG)}
        entries = sorted(self._list_entries(), key=lambda entry: entry.project)
        pages = render_catalog(entries, self.title, existing)
        return [found for name, _, data in pages for found in self._check_page(name, data)]

    def report_metadata_object(self, name: str) -> list[Difference]:
        """Report an object of the metadata bucket that is not a record."""
        return [
            Difference.from_object(
                self.metadata, name, "orphan", "it is not the record of a project"
            )
        ]

    def check_static_object(self, name: str) -> list[Difference]:
        """Report an object of the static bucket, unless its project now has a record."""
        project = _parse_page_name(name)
        if project and self._has_record(project):
            return []
        detail = "it is not a page of the catalog or of a project with a record"
        return [Difference.from_object(self.static, name, "orphan", detail)]

    def check_spelling(self, project: ProjectName | None, names: Sequence[str]) -> list[Difference]:
        """Report files that are not in the record of the project.

        Call this only for spellings that :class:`ProjectCheck` does not check.
        """
        record = self._read_record(project) if project else None
        known = record.files if record else {}
        return list(
            self.files.report_orphans(n for n in names if _strip_metadata_suffix(n) not in known)
        )

    def _list_entries(self) -> Iterator[CatalogEntry]:
        for info in self.metadata.list(layout.RECORDS):
            try:
                yield read_entry(info, self.metadata)
            except UnreadableEntry:  # ProjectCheck reports it
                continue

    def _check_page(self, name: str, data: bytes) -> Iterator[Difference]:
        stored = self.static.read(name)
        if stored is None:
            yield Difference.from_object(
                self.static, name, "missing-catalog", "it is a page of the catalog"
            )
        elif stored.data != data:
            detail = "it differs from the page rendered from the records"
            yield Difference.from_object(self.static, name, "stale-catalog", detail)

    def _has_record(self, project: ProjectName) -> bool:
        return self.metadata.stat(layout.locate_record(project)) is not None

    def _read_record(self, project: ProjectName) -> ProjectRecord | None:
        stored = self.metadata.read(layout.locate_record(project))
        return ProjectRecord.model_validate_json(stored.data) if stored else None


def _parse_page_name(name: str) -> ProjectName | None:
    parts = name.split("/")
    project = try_normalize_project(parts[1]) if len(parts) == 3 else None
    return project if project and name in {kind.locate(project) for kind in KINDS} else None


def _is_index_wide(name: str) -> bool:
    return name in _INDEX_WIDE or _CHANGELOG.fullmatch(name) is not None


def _strip_metadata_suffix(name: str) -> Filename:
    return Filename(name.removesuffix(layout.METADATA_SUFFIX))


def _parse_spelling(name: str) -> str:
    return parse_display_name(_strip_metadata_suffix(name))
