"""Objects of the catalog, rendered from the entries of all projects.

Some objects have a *source*, by which a run finds that it need not write them:

====================================== =========================================================
object                                 source
====================================== =========================================================
lists for installers                   digest of the names of all projects
shards, pages of the list of projects  digest of the shown projects and their revisions
home, search, changes                  digest of the page and the names of the assets
====================================== =========================================================

The other objects are few, and every run writes them.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import count, groupby
from typing import NamedTuple

from publisher.catalog import change_arrays, search_arrays, shells
from publisher.catalog.index_feed import render_index_feed
from publisher.render import catalog_html, simple_json
from publisher.site.assets import ASSETS
from publisher.site.page_content import Site
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from schemas.headers import ATOM, HTML, JSON, SIMPLE_JSON

PROJECTS_PER_PAGE = 500
"""Number of projects on a page of the list of all projects."""

_SHARD = re.compile(rf"{web_layout.SEARCH_SHARDS}[a-z0-9][a-z0-9-]?\.json")


class CatalogObject(NamedTuple):
    """Object of the catalog."""

    name: str
    content_type: str
    render: Callable[[], bytes]
    """Function that returns the bytes, so that only one object at a time is in memory."""
    source: str = ""
    """Digest of everything that the object shows; empty if each run must write the object."""


@dataclass(frozen=True, slots=True)
class CatalogContent:
    """Everything that the catalog shows."""

    entries: Sequence[CatalogEntry]
    """Entries of all projects, sorted by project."""
    site: Site

    def list_objects(self, existing: Collection[str] = ()) -> Iterator[CatalogObject]:
        """Yield the objects in the order of writing: lists for installers come first.

        :param existing: names of existing objects. Shards and pages without projects become empty.
        """
        yield from self._list_roots()
        yield from self._list_shards(existing)
        yield from self._list_project_pages(existing)
        yield from self._list_search()
        yield from self._list_changes()

    def _list_roots(self) -> Iterator[CatalogObject]:
        projects = [entry.project for entry in self.entries]
        source = _digest(projects)
        render_json = partial(simple_json.render_root, projects)
        yield CatalogObject(layout.ROOT_JSON, SIMPLE_JSON, render_json, source)
        render_html = partial(catalog_html.render_root, projects)
        yield CatalogObject(layout.ROOT_HTML, HTML, render_html, source)

    def _list_shards(self, existing: Collection[str]) -> Iterator[CatalogObject]:
        shards = groupby(
            self.entries, key=lambda entry: search_arrays.find_shard_key(entry.project)
        )
        names = set[str]()
        for key, group in shards:
            entries = tuple(group)
            names.add(name := web_layout.locate_search_shard(key))
            render = partial(search_arrays.render_items, entries)
            yield CatalogObject(name, JSON, render, _digest(_list_revisions(entries)))
        for name in sorted(filter(is_search_shard, existing)):
            if name not in names:
                yield CatalogObject(
                    name, JSON, partial(search_arrays.render_items, ()), _digest(())
                )

    def _list_project_pages(self, existing: Collection[str]) -> Iterator[CatalogObject]:
        pages = max(1, -(-len(self.entries) // PROJECTS_PER_PAGE))
        for number in count(1):
            name = web_layout.locate_project_list(number)
            if number > pages and name not in existing:
                return
            shown = self.entries[(number - 1) * PROJECTS_PER_PAGE : number * PROJECTS_PER_PAGE]
            render = partial(shells.render_project_list, shown, self.site, number, pages)
            look = f"{number} {pages} {self.site} {_list_asset_names()}"
            yield CatalogObject(name, HTML, render, _digest([*_list_revisions(shown), look]))

    def _list_search(self) -> Iterator[CatalogObject]:
        render = partial(search_arrays.render_whole, self.entries)
        yield CatalogObject(web_layout.SEARCH, JSON, render)
        yield _create_shell(web_layout.SEARCH_PAGE, shells.render_search(self.site))
        yield create_home(self.site)

    def _list_changes(self) -> Iterator[CatalogObject]:
        events = change_arrays.list_events(self.entries)
        releases = change_arrays.list_releases(self.entries)
        render_totals = partial(change_arrays.render_totals, self.entries)
        yield CatalogObject(web_layout.TOTALS, JSON, render_totals)
        render_recent = partial(change_arrays.render_releases, releases)
        yield CatalogObject(web_layout.RECENT, JSON, render_recent)
        render_changes = partial(change_arrays.render_changes, events)
        yield CatalogObject(web_layout.CHANGES, JSON, render_changes)
        yield CatalogObject(web_layout.FEED, ATOM, partial(render_index_feed, events, self.site))
        yield _create_shell(web_layout.CHANGES_PAGE, shells.render_changes(self.site))


def is_search_shard(name: str) -> bool:
    """Return whether an object is a shard of the search."""
    return _SHARD.fullmatch(name) is not None


def create_home(site: Site) -> CatalogObject:
    """Return the home page."""
    return _create_shell(layout.HOME, shells.render_home(site))


def _create_shell(name: str, page: bytes) -> CatalogObject:
    """Return a page without data of projects, which is the same for all records."""
    source = _digest([sha256(page).hexdigest(), _list_asset_names()])
    return CatalogObject(name, HTML, lambda: page, source)


def _list_asset_names() -> str:
    return " ".join(asset.object_name for asset in ASSETS.values())


def _list_revisions(entries: Iterable[CatalogEntry]) -> Iterator[str]:
    return (f"{entry.project} {entry.revision}" for entry in entries)


def _digest(lines: Iterable[str]) -> str:
    """Return the digest of lines, which contain no line break."""
    return sha256("\n".join(lines).encode()).hexdigest()
