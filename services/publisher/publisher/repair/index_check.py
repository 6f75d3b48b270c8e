"""Checks of the whole index: the catalog, and objects that belong to no project.

Every check can be repeated: it reads the buckets again and returns the differences of its part.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby

from cloud.ports import Bucket
from publisher.catalog.catalog_objects import CatalogContent, is_search_shard
from publisher.catalog.catalog_pages import FIXED_NAMES, list_existing, read_entry
from publisher.errors import UnreadableEntry
from publisher.project_pages import KINDS
from publisher.repair.difference import Difference, Finding
from publisher.repair.file_check import FileCheck
from publisher.repair.project_check import ProjectCheck
from publisher.site.assets import ASSETS
from publisher.site.page_content import Site
from schemas import layout, web_layout
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

_SERIES = re.compile(
    rf"""
    {web_layout.PROJECT_LIST}[1-9][0-9]*\.html
    | {web_layout.ASSETS}[0-9a-f]+/[a-z0-9._-]+     # of this release or an older one
    | changelog/page[1-9][0-9]*\.html               # of gcpypi 0.2.0 and older releases
    """,
    re.VERBOSE,
)
"""Names of the other objects of the catalog."""
_INDEX_WIDE = {*FIXED_NAMES, web_layout.SEARCH_PAGE, layout.BLOCKED}


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
    site: Site
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
        """Compare the objects of the catalog with the custom metadata of the records.

        The check needs as much memory as a catalog run: one entry for each project.
        """
        existing = list_existing(self.static)
        entries = sorted(self._list_entries(), key=lambda entry: entry.project)
        objects = CatalogContent(entries, self.site).list_objects(existing)
        expected = chain(
            ((asset.object_name, asset.data) for asset in ASSETS.values()),
            ((each.name, each.render()) for each in objects),
        )
        return [found for name, data in expected for found in self._check_object(name, data)]

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

    def _check_object(self, name: str, data: bytes) -> Iterator[Difference]:
        stored = self.static.read(name)
        if stored is None:
            yield Difference.from_object(
                self.static, name, "missing-catalog", "it is an object of the catalog"
            )
        elif stored.data != data:
            detail = "it differs from the object rendered from the records"
            yield Difference.from_object(self.static, name, "stale-catalog", detail)

    def _has_record(self, project: ProjectName) -> bool:
        return self.metadata.stat(layout.locate_record(project)) is not None

    def _read_record(self, project: ProjectName) -> ProjectRecord | None:
        stored = self.metadata.read(layout.locate_record(project))
        return ProjectRecord.model_validate_json(stored.data) if stored else None


def _parse_page_name(name: str) -> ProjectName | None:
    """Return the project of a page; None if the name is not that of a page.

    :class:`publisher.repair.web_check.WebCheck` checks the rest of the name of a page for people.
    """
    _, _, rest = name.partition("/")
    project = try_normalize_project(rest.partition("/")[0])
    if project is None:
        return None
    folders = (web_layout.locate_web_pages(project), web_layout.locate_json_pages(project))
    is_page = name.startswith(folders) or name in {kind.locate(project) for kind in KINDS}
    return project if is_page else None


def _is_index_wide(name: str) -> bool:
    return name in _INDEX_WIDE or _SERIES.fullmatch(name) is not None or is_search_shard(name)


def _strip_metadata_suffix(name: str) -> Filename:
    return Filename(name.removesuffix(layout.METADATA_SUFFIX))


def _parse_spelling(name: str) -> str:
    return parse_display_name(_strip_metadata_suffix(name))
