"""Check of one project's pages for people, and of its pages of the older JSON API.

The check has no rules of its own: it makes the plan of the service web, and renders its pages. It
checks one release after the other, so it needs the memory of one release. A project with a
thousand releases keeps one thread for some minutes; the other threads check other projects.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cloud.ports import Bucket, ObjectInfo
from publisher.render.listing import Listing
from publisher.repair.difference import Difference, DifferenceKind
from publisher.site.page_content import ReleaseContent, Site
from publisher.stored_pages import StoredPages
from publisher.web.readme_process import show_late
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_plan import PageGroup, WebPage, WebPlan
from schemas import layout, web_layout
from schemas.file_notes import FileNotes
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from schemas.releases import is_page_current


@dataclass(frozen=True, slots=True)
class WebCheck:
    """Comparison of a record with the pages of its project that the service web writes."""

    static: Bucket
    sources: ReleaseSources
    site: Site

    def check(self, record: ProjectRecord) -> Iterator[Difference]:
        """Yield the missing, old and different pages, and the pages of no release.

        It costs two listings, and for each release the requests of its content and two pages.
        """
        found = self._list_pages(record)
        unplanned = set(found)
        plan = WebPlan(record, Listing.from_record(record), found.keys(), self.site, self.sources)
        for group in plan.list_groups():
            unplanned.difference_update(page.name for page in group.pages)
            yield from self._check_group(plan, group, found)
        for name in sorted(unplanned):
            yield self._report(name, "orphan", f"it is not a page of {record.project}")

    def _list_pages(self, record: ProjectRecord) -> Mapping[str, ObjectInfo]:
        pages, project = StoredPages(self.static), record.project
        return pages.list(web_layout.locate_web_pages(project)) | pages.list(
            web_layout.locate_json_pages(project)
        )

    def _check_group(
        self, plan: WebPlan, group: PageGroup, found: Mapping[str, ObjectInfo]
    ) -> Iterator[Difference]:
        current = list[WebPage]()
        for page in group.pages:
            if difference := self._check_object(plan.record.project, page, found.get(page.name)):
                yield difference
            else:
                current.append(page)
        if not current:
            return
        content = plan.load(group)
        for page in current:
            stored = self.static.read(page.name)
            if stored is None or stored.data not in map(page.render, _list_expected(content)):
                detail = "it differs from the page rendered from its record and its files"
                yield self._report(page.name, "other-page", detail)

    def _check_object(
        self, project: ProjectName, page: WebPage, info: ObjectInfo | None
    ) -> Difference | None:
        """Return the difference that the listing shows; None if there is none."""
        if info is None:
            return self._report(page.name, "missing-page", f"{project} has a record")
        revision = layout.read_record_revision(info.metadata)
        if not is_page_current(revision, page.needed):
            detail = f"it has revision {revision}, and needs revision {page.needed}"
            return self._report(page.name, "stale-page", detail)
        if info.content_type != page.content_type:
            return self._report(page.name, "other-page", f"its content type is {info.content_type}")
        return None

    def _report(self, name: str, kind: DifferenceKind, detail: str) -> Difference:
        return Difference.from_object(self.static, name, kind, detail)


def _list_expected(content: ReleaseContent) -> Iterator[ReleaseContent]:
    """Yield the contents that the service web may have shown.

    It shows a description as text if it was too slow to render it. A file that is lost now had
    notes of ingest, which were empty without warnings; the check of files reports the loss.
    """
    lost = dict.fromkeys(content.record.files, FileNotes())
    for notes in (content.notes, lost | dict(content.notes)):
        yield replace(content, notes=notes)
        if content.readme.html:
            yield replace(content, notes=notes, readme=show_late(content.metadata))
