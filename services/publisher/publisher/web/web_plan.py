"""Pages for people of one project: their names, the revisions that they need, and their content.

The pages of a project need the revision of its record. The two pages of a release need the revision
of the last change of the release, so that a new wheel writes only the pages of its own release. The
full pages of the history and of the list of releases need the revision of the last change that they
can show, so that a new wheel writes only the newest page of each.
A page that exists stays in the plan, also without content: pages are never deleted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

from publisher.render.listing import Listing
from publisher.render.numbered_pages import INDEX, Item, NumberedPages
from publisher.site.history_page import (
    LINES_PER_PAGE,
    divide_history,
    list_history_files,
    render_history,
)
from publisher.site.page_content import ReleaseContent, Site
from publisher.site.project_events import HistoryEvent
from publisher.site.release_list import (
    RELEASES_PER_PAGE,
    divide_releases,
    render_release_list,
    render_releases,
)
from publisher.site.release_page import RELEASES_ON_PAGE, render_project, render_release
from publisher.web.legacy_json import render_project_json, render_release_json
from publisher.web.project_feed import render_project_feed
from publisher.web.release_sources import ReleaseSources
from schemas import layout, web_layout
from schemas.headers import ATOM, HTML, JSON
from schemas.names import Filename, ProjectName, Version
from schemas.records import ProjectRecord
from schemas.releases import accumulate_revisions, find_release_revision, rank_file

Render = Callable[[ReleaseContent], bytes]


@dataclass(frozen=True, slots=True)
class WebPage:
    """Page for people, or page of the older JSON API."""

    name: str
    content_type: str
    needed: int
    """Revision that the page needs, and has as ``record-revision``."""
    render: Render
    successor: str | None = None
    """Name of a page that is written later in the same group; if it is current, so is this one."""


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages with the content of one release, in the order of writing."""

    version: Version
    pages: tuple[WebPage, ...]
    others: Collection[Filename] = ()
    """Files of other releases with notes on the pages."""


@dataclass(frozen=True, slots=True)
class PageSizes:
    """Numbers of lines on the full pages of long lists."""

    history: int = LINES_PER_PAGE
    releases: int = RELEASES_PER_PAGE


SIZES = PageSizes()
"""Sizes of the pages of all projects."""


@dataclass(frozen=True, slots=True)
class WebPlan:
    """All pages for people of one record."""

    record: ProjectRecord
    listing: Listing
    existing: Collection[str]
    """Names of existing pages."""
    site: Site
    sources: ReleaseSources
    sizes: PageSizes = SIZES
    _turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def list_groups(self) -> Iterator[PageGroup]:
        """Yield the pages of the project and of its newest release, then those of other releases.

        A record without files has no pages.
        """
        for number, version in enumerate(self._list_versions()):
            pages = tuple(self._list_release_pages(version))
            if number:
                yield PageGroup(version, pages)
            else:
                history = divide_history(self.record, self.sizes.history)
                # Only the newest page of the history has notes, because each costs a stat.
                noted = list_history_files(history, INDEX)
                yield PageGroup(version, (*pages, *self._list_project_pages(history)), noted)

    def load(self, group: PageGroup) -> ReleaseContent:
        """Read the content of the pages of a group."""
        record, listing, version = self.record, self.listing, group.version
        return self.sources.load(record, listing, version, self._turn, group.others)

    def _list_versions(self) -> list[Version]:
        """Return all versions, also without offered files; first the one of the project's page."""
        files = sorted(self.record.files.values(), key=rank_file, reverse=True)
        latest = self.listing.latest
        offered = [latest.facts.version] if latest else []
        return list(dict.fromkeys([*offered, *(file.version for file in files)]))

    def _list_release_pages(self, version: Version) -> Iterator[WebPage]:
        project, site = self.record.project, self.site
        needed = find_release_revision(self.record, version)
        page = web_layout.locate_release_page(project, version)
        yield WebPage(
            web_layout.locate_release_json(project, version),
            JSON,
            needed,
            lambda content: render_release_json(content, site.index_url),
            successor=page,
        )
        yield WebPage(page, HTML, needed, lambda content: render_release(content, site))

    def _list_project_pages(self, history: NumberedPages[HistoryEvent]) -> Iterator[WebPage]:
        project, record, listing, site = self.record.project, self.record, self.listing, self.site
        page = web_layout.locate_web_page(project)
        yield WebPage(
            layout.locate_legacy_json(project),
            JSON,
            record.revision,
            lambda content: render_project_json(content, site.index_url),
            successor=page,
        )
        rendered: tuple[tuple[str, str, Render], ...] = (
            (page, HTML, lambda content: render_project(content, site)),
            (web_layout.locate_releases(project), JSON, lambda _: render_releases(listing)),
            (
                web_layout.locate_project_feed(project),
                ATOM,
                lambda _: render_project_feed(record, site.index_url),
            ),
        )
        for name, content_type, render in rendered:
            yield WebPage(name, content_type, record.revision, render)
        yield from self._list_history(history)
        yield from self._list_release_lists()

    def _list_history(self, history: NumberedPages[HistoryEvent]) -> Iterator[WebPage]:
        releases = (event.release for event in history.items)
        for number, name, needed in self._number_pages(
            history, releases, web_layout.locate_history, web_layout.locate_history_page
        ):
            yield WebPage(name, HTML, needed, partial(self._render_history, history, number))

    def _render_history(
        self, history: NumberedPages[HistoryEvent], page: int, content: ReleaseContent
    ) -> bytes:
        notes = content.notes if page == INDEX else {}
        return render_history(self.record.project, history, notes, self.site, page)

    def _list_release_lists(self) -> Iterator[WebPage]:
        """Yield the list of releases, if the project's page does not have all of them."""
        releases = divide_releases(self.record, self.sizes.releases)
        index = web_layout.locate_release_list(self.record.project)
        if len(releases.items) <= RELEASES_ON_PAGE and index not in self.existing:
            return
        for number, name, needed in self._number_pages(
            releases,
            releases.items,
            web_layout.locate_release_list,
            web_layout.locate_release_list_page,
        ):
            yield WebPage(name, HTML, needed, partial(self._render_releases, releases, number))

    def _render_releases(
        self, releases: NumberedPages[Version], page: int, _: ReleaseContent
    ) -> bytes:
        return render_release_list(self.listing, releases, self.site, page)

    def _number_pages(
        self,
        pages: NumberedPages[Item],
        releases: Iterable[Version | None],
        locate_index: Callable[[ProjectName], str],
        locate_page: Callable[[ProjectName, int], str],
    ) -> Iterator[tuple[int, str, int]]:
        """Yield number, name and needed revision of each page.

        :param releases: releases of the items.
        """
        project, revisions = self.record.project, accumulate_revisions(self.record, releases)
        for number in pages.list_numbers(lambda page: locate_page(project, page) in self.existing):
            if number == INDEX:
                yield number, locate_index(project), self.record.revision
            else:
                needed = revisions[pages.count_decisive(number) - 1]
                yield number, locate_page(project, number), needed
