"""Publication of a project's pages for people from its newest record.

It follows the protocol of :mod:`publisher.stored_pages`. The pages of a release need only the
revision of its last change, so a new wheel writes the pages of the project and of one release.

The generations of pages below ``pypi/`` are noted after the record was read, because a listing of
them would cost a class A operation for each publish. Then the record must still be the live one;
otherwise the attempt starts again. The JSON page of a release is written before its HTML page. So a
current HTML page shows that the JSON page is current, and no request asks for it.

A page is written when it is rendered. A killed publication is therefore resumed by redelivery: the
pages that it has written are skipped. This includes a forced publication, because each page notes
the publish time of the forced message, which a redelivery does not change.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.errors import PreconditionFailed
from cloud.ports import Bucket, ObjectInfo
from cloud.retry import Retry
from publisher.render.listing import Listing
from publisher.site.page_content import Site
from publisher.stored_pages import StoredPages, read_record_generation
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_plan import SIZES, PageGroup, PageSizes, WebPage, WebPlan
from schemas import layout, web_layout
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from schemas.releases import is_page_current

WRITERS = 8
"""Number of releases of one project that are rendered and written at once."""
MOST_STATS = 50
"""Number of JSON pages that are found one by one; more of them are listed."""


@dataclass(frozen=True, slots=True)
class WebPages:
    """Pages for people of all projects in the static bucket."""

    static: Bucket
    metadata: Bucket
    sources: ReleaseSources
    site: Site
    retry: Retry
    writers: int = WRITERS
    sizes: PageSizes = SIZES

    def publish(self, project: ProjectName, *, forced_at: datetime | None = None) -> ProjectRecord:
        """Publish the pages, and return the record; the pages are of this record or a newer one.

        :param forced_at: publish time of a forced message: write every page, even if it has the
            revision that it needs, unless this or a later forced message wrote it.
        :raises NotFound: if the record does not exist.
        """
        run = _Publication(self, project, forced_at)
        return self.retry(run.attempt)


@dataclass(frozen=True, slots=True)
class _Publication:
    """Publication of one project."""

    web: WebPages
    project: ProjectName
    forced_at: datetime | None

    def attempt(self) -> ProjectRecord:
        found = self._pages.list(web_layout.locate_web_pages(self.project))
        record, generation = read_record_generation(self.web.metadata, self.project)
        listing = Listing.from_record(record)
        web = self.web
        plan = WebPlan(record, listing, found.keys(), web.site, web.sources, web.sizes)
        if groups := self._select(plan.list_groups(), found):
            found |= self._find_json(page.name for group in groups for page in group.pages)
            self._require_live(generation)
            self._write_groups(plan, self._select(groups, found), found)
        return record

    @property
    def _pages(self) -> StoredPages:
        return StoredPages(self.web.static)

    def _select(
        self, groups: Iterable[PageGroup], found: Mapping[str, ObjectInfo]
    ) -> list[PageGroup]:
        """Return the groups with pages to write, each with these pages."""
        chosen = (
            replace(group, pages=tuple(page for page in group.pages if self._is_due(page, found)))
            for group in groups
        )
        return [group for group in chosen if group.pages]

    def _is_due(self, page: WebPage, found: Mapping[str, ObjectInfo]) -> bool:
        """Return whether the page is not current, and has no current successor."""
        names = (page.name, page.successor)
        return not any(name and self._is_current(found.get(name), page.needed) for name in names)

    def _is_current(self, info: ObjectInfo | None, needed: int) -> bool:
        if info is None or not is_page_current(layout.read_record_revision(info.metadata), needed):
            return False
        if self.forced_at is None:
            return True
        written = web_layout.read_forced_at(info.metadata)
        return written is not None and written >= self.forced_at

    def _find_json(self, names: Iterable[str]) -> dict[str, ObjectInfo]:
        """Return the existing pages of the older JSON API among ``names``."""
        prefix = web_layout.locate_json_pages(self.project)
        wanted = [name for name in names if name.startswith(prefix)]
        if len(wanted) > MOST_STATS:
            return self._pages.list(prefix)
        return self._pages.find(wanted)

    def _require_live(self, generation: int) -> None:
        """Raise :class:`PreconditionFailed` if the record was replaced since it was read."""
        name = layout.locate_record(self.project)
        info = self.web.metadata.stat(name)
        if info is None or info.generation != generation:
            raise PreconditionFailed(f"gs://{self.web.metadata.name}/{name}", "a newer record")

    def _write_groups(
        self, plan: WebPlan, groups: Sequence[PageGroup], found: Mapping[str, ObjectInfo]
    ) -> None:
        """Write the pages; groups at once, the pages of a group in their order."""
        if self.web.writers == 1 or len(groups) < 2:
            for group in groups:
                self._write_group(plan, group, found)
            return
        with ThreadPoolExecutor(self.web.writers, thread_name_prefix="web-pages") as pool:
            futures = [pool.submit(self._write_group, plan, group, found) for group in groups]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _write_group(
        self, plan: WebPlan, group: PageGroup, found: Mapping[str, ObjectInfo]
    ) -> None:
        content = plan.load(group)
        for page in group.pages:
            self._pages.write(
                page.name,
                page.content_type,
                page.render(content),
                revision=page.needed,
                found=found.get(page.name),
                forced_at=self.forced_at,
            )
