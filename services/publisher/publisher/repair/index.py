"""What no single project can tell: the catalog, and objects that belong to none.

Every check can be repeated: it looks at the buckets anew and returns the differences of its part.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from cloud.ports import Bucket
from publisher.catalog import entry_of, rendered
from publisher.errors import UnreadableEntry
from publisher.pages import KINDS
from publisher.repair.difference import Difference
from publisher.repair.file import FileCheck
from publisher.repair.project import ProjectCheck
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import (
    Filename,
    ProjectName,
    display_name,
    try_normalize_project,
    usual_spelling,
)
from schemas.records import ProjectRecord

Check = Callable[[], list[Difference]]
Known = Collection[ProjectName]
"""The projects that have a record."""

_CHANGELOG = re.compile(rf"{layout.CHANGELOG}[1-9][0-9]*\.html")
_OVER_ALL = (layout.ROOT_HTML, layout.ROOT_JSON, layout.HOME, layout.BLOCKED)


def project_of_record(name: str) -> ProjectName | None:
    """Return the project whose record has exactly this object name, if there is one."""
    try:
        project = layout.record_project(name)
    except ValueError:
        return None
    return project if layout.record(project) == name else None


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """Compares the buckets as wholes with the records."""

    metadata: Bucket
    static: Bucket
    packages: Bucket
    title: str
    projects: ProjectCheck
    files: FileCheck

    def checks(self, known: Known) -> Iterator[Check]:
        """Yield every check, those of objects as the listings bring them."""
        yield self.blocked
        yield self.catalog
        for info in self.static.list():
            if not _is_over_all(info.name) and _project_of_page(info.name) not in known:
                yield partial(self.static_object, info.name)
        names = (info.name for info in self.packages.list())
        for spelling, group in groupby(names, key=_spelling):
            project = try_normalize_project(spelling)
            if project is None or project not in known or spelling != usual_spelling(project):
                yield partial(self.spelling, project, tuple(group))

    def blocked(self) -> list[Difference]:
        """Find entries of ``blocked.json`` whose project has no record."""
        gone = [p for p in self.projects.blocked().projects if not self._has_record(p)]
        detail = f"it speaks of {', '.join(gone)}, and there is no such record"
        return [Difference.at(self.static, layout.BLOCKED, "wrong-blocked", detail)] if gone else []

    def catalog(self) -> list[Difference]:
        """Compare the catalog's pages with what the records' objects say.

        Takes the memory that the catalog itself takes: it holds an entry of every project.
        """
        existing = {info.name: info.generation for info in self.static.list(layout.CHANGELOG)}
        entries = sorted(self._entries(), key=lambda entry: entry.project)
        pages = rendered(entries, self.title, existing)
        return [found for name, _, data in pages for found in self._page(name, data)]

    def metadata_object(self, name: str) -> list[Difference]:
        """Say of an object of the metadata bucket that it is no record."""
        return [Difference.at(self.metadata, name, "orphan", "it is no project's record")]

    def static_object(self, name: str) -> list[Difference]:
        """Look whether an object of the static bucket has got a record meanwhile."""
        project = _project_of_page(name)
        if project and self._has_record(project):
            return []
        detail = "no page of the catalog's or of a project that has a record"
        return [Difference.at(self.static, name, "orphan", detail)]

    def spelling(self, project: ProjectName | None, names: Sequence[str]) -> list[Difference]:
        """Look which files the project's record does not know.

        Only for names in a spelling that :class:`ProjectCheck` does not look for by itself.
        """
        record = self._record(project) if project else None
        known = record.files if record else {}
        return list(self.files.orphans(n for n in names if _without_metadata(n) not in known))

    def _entries(self) -> Iterator[CatalogEntry]:
        for info in self.metadata.list(layout.RECORDS):
            try:
                yield entry_of(info, self.metadata)
            except UnreadableEntry:  # said where its record is looked at
                continue

    def _page(self, name: str, data: bytes) -> Iterator[Difference]:
        stored = self.static.read(name)
        if stored is None:
            yield Difference.at(self.static, name, "missing-catalog", "the catalog consists of it")
        elif stored.data != data:
            detail = "it is not what the records give"
            yield Difference.at(self.static, name, "stale-catalog", detail)

    def _has_record(self, project: ProjectName) -> bool:
        return self.metadata.stat(layout.record(project)) is not None

    def _record(self, project: ProjectName) -> ProjectRecord | None:
        stored = self.metadata.read(layout.record(project))
        return ProjectRecord.model_validate_json(stored.data) if stored else None


def _project_of_page(name: str) -> ProjectName | None:
    parts = name.split("/")
    project = try_normalize_project(parts[1]) if len(parts) == 3 else None
    return project if project and name in {kind.name(project) for kind in KINDS} else None


def _is_over_all(name: str) -> bool:
    return name in _OVER_ALL or _CHANGELOG.fullmatch(name) is not None


def _without_metadata(name: str) -> Filename:
    return Filename(name.removesuffix(layout.METADATA_SUFFIX))


def _spelling(name: str) -> str:
    return display_name(_without_metadata(name))
