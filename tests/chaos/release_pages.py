"""Pages of releases in the model: a page per release, written by the protocol of pages.

The pages have the content on which a release's page depends, without templates and READMEs.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cloud.errors import PreconditionFailed
from cloud.ports import Bucket, Headers
from schemas import layout, web_layout
from schemas.headers import HTML, REVALIDATE
from schemas.names import ProjectName, Version, normalize_release
from schemas.records import ProjectRecord, Registers
from schemas.releases import find_release_revision, is_page_current


@dataclass(frozen=True)
class PageRule:
    """Rule that decides which pages are skipped; by default that of the services."""

    find_revision: Callable[[ProjectRecord, Version], int] = find_release_revision
    """Revision that the page of a release needs."""
    is_current: Callable[[int | None, int, ProjectRecord], bool] = lambda page, needed, record: (
        is_page_current(page, needed)
    )
    """Decision on a page: its revision, the needed one, the record."""
    has_record_revision: bool = False
    """True if a page gets the revision of its record, and not the needed one."""


RULE = PageRule()


@dataclass(frozen=True)
class ReleasePages:
    """Writer of the pages of one project: list the pages, then read the record, then write."""

    static: Bucket
    metadata: Bucket
    rule: PageRule = RULE

    def publish(self, project: ProjectName, *, force: bool = False) -> None:
        while True:
            try:
                return self._attempt(project, force)
            except PreconditionFailed:
                continue

    def _attempt(self, project: ProjectName, force: bool) -> None:
        found = {info.name: info for info in self.static.list(locate_pages(project))}
        stored = self.metadata.read(layout.locate_record(project))
        assert stored is not None
        record = ProjectRecord.model_validate_json(stored.data)
        for release in list_versions(record):
            name, needed = locate_page(project, release), self.rule.find_revision(record, release)
            page = found.get(name)
            revision = layout.read_record_revision(page.metadata) if page else None
            if force or not self.rule.is_current(revision, needed, record):
                revision = record.revision if self.rule.has_record_revision else needed
                headers = Headers(HTML, REVALIDATE, {layout.RECORD_REVISION: str(revision)})
                generation = page.generation if page else 0
                data = render_release(record, release)
                self.static.write(name, data, headers, if_generation=generation)


def locate_pages(project: ProjectName) -> str:
    return web_layout.locate_web_pages(project)


def locate_page(project: ProjectName, release: Version) -> str:
    return web_layout.locate_release_page(project, release)


def list_versions(record: ProjectRecord) -> list[Version]:
    """Return the releases of a record; the model shares no code with the indexer."""
    return sorted({normalize_release(file.version) for file in record.files.values()})


def render_release(record: ProjectRecord, release: Version) -> bytes:
    """Render everything in a record on which the page of a release depends."""
    files = {
        name: json.loads(file.model_dump_json())
        for name, file in sorted(record.files.items())
        if normalize_release(file.version) == release
    }

    def select(registers: Registers) -> Mapping[str, object]:
        written = json.loads(registers.model_dump_json())
        own = {name: one for name, one in sorted(written["files"].items()) if name in files}
        return {"files": own, "release": written["versions"].get(release)}

    registers = (record.yanked, record.yanked_by_uploaders, record.removed)
    document = json.loads(record.model_dump_json(include={"release_status", "status"}))
    statuses = [document["release_status"].get(release), document["status"]]
    return json.dumps([files, *map(select, registers), *statuses]).encode()


def render_releases(record: ProjectRecord) -> dict[str, bytes]:
    """Render the pages of all releases, by object name."""
    return {
        locate_page(record.project, release): render_release(record, release)
        for release in list_versions(record)
    }
