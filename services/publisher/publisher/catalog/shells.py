"""Pages without data of projects: home, search and changes, and the paged list of all projects.

Scripts fill the first three from the JSON arrays, so every reader gets the same bytes. No record
can change these pages, so a run of the catalog seldom writes them.
"""

from collections.abc import Sequence

from publisher.catalog.change_arrays import format_name
from publisher.site.page_content import Site
from publisher.site.page_templates import render_page
from schemas.catalog import CatalogEntry


def render_home(site: Site) -> bytes:
    """Render the home page: search, newest releases, totals."""
    return render_page("home.html", site=site, root="./")


def render_search(site: Site) -> bytes:
    """Render the page of the search."""
    return render_page("search.html", site=site, root="../")


def render_changes(site: Site) -> bytes:
    """Render the page of the changes."""
    return render_page("changes.html", site=site, root="../")


def render_project_list(
    entries: Sequence[CatalogEntry], site: Site, number: int, pages: int
) -> bytes:
    """Render page ``number`` of ``pages``, counted from 1, with ``entries`` in the given order."""
    lines = [(format_name(entry), entry) for entry in entries]
    return render_page(
        "project_list.html", site=site, root="../", lines=lines, number=number, pages=pages
    )
