"""Pages of the sample projects, rendered by the functions of the services."""

from collections.abc import Iterator

from starlette.responses import Response

from access.errors import Unauthorized
from cloud.errors import Unavailable
from proxy.http.error_responses import find_response
from publisher.catalog.catalog_objects import CatalogContent
from publisher.render.numbered_pages import INDEX
from publisher.site.assets import ASSETS
from publisher.site.history_page import divide_history, render_history
from publisher.site.page_content import ReleaseContent
from publisher.site.release_list import divide_releases, render_release_list, render_releases
from publisher.site.release_page import render_project, render_release
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from testing.fakes.examples import make_file_record
from testing.sample_content import (
    SITE,
    make_content,
    make_hostile_content,
    make_large_record,
    make_ordinary_content,
    make_record,
    make_special_contents,
)

_ALIKE = ("acme-archived", "acme-deprecated", "acme-held", "acme-removed", "acme-yanked")
"""Projects whose other pages are like those of the other samples."""
OLD_VERSION = "2.3.1"
"""A release of the ordinary project that is not the newest one."""


def list_contents() -> list[ReleaseContent]:
    """Return the newest release of each sample project."""
    large = make_content(make_large_record(250, 2), "250.0")
    core_file = make_file_record("acme_core-1.4-py3-none-any.whl")
    core = make_record("acme-core", [core_file])
    needs = ("acme-core>=1.2", "acme-geometry")
    summary = "Draws maps with <b>borders</b>"
    file = make_file_record("acme_plot-0.9-py3-none-any.whl", summary=summary, requires_dist=needs)
    plot = make_record("acme-plot", [file])
    return [
        make_ordinary_content(),
        make_hostile_content(),
        large,
        make_content(core, "1.4", {"summary": "Values that all Acme packages share"}),
        make_content(plot, "0.9", {"requires_dist": list(needs)}),
        *make_special_contents().values(),
    ]


def render_site() -> dict[str, bytes]:
    """Return all pages and assets by the names of their objects."""
    contents = list_contents()
    ordinary = contents[0]
    pages = {asset.object_name: asset.data for asset in ASSETS.values()}
    for content in contents:
        pages |= _render_project_pages(content)
    old = make_content(ordinary.record, OLD_VERSION, ordinary.metadata)
    pages[_name_release(old)] = render_release(old, SITE)
    return pages | render_catalog(list_entries())


def list_entries() -> list[CatalogEntry]:
    """Return the entries of the sample projects, sorted by name."""
    entries = (CatalogEntry.from_record(content.record) for content in list_contents())
    return sorted(entries, key=lambda entry: entry.project)


def render_catalog(entries: list[CatalogEntry]) -> dict[str, bytes]:
    """Return the objects of the catalog."""
    return {each.name: each.render() for each in CatalogContent(entries, SITE).list_objects()}


def create_error_responses() -> dict[str, Response]:
    """Return the error pages of the proxy by their paths from the home page.

    A person sees the page of 401 after the cancellation of the log-in prompt. Chromium without a
    window shows no prompt and no page, so the response has no ``WWW-Authenticate`` here.
    """
    errors = {"error/401": Unauthorized(), "error/503": Unavailable("gs://static", "down")}
    responses = {path: find_response(error, home="../") for path, error in errors.items()}
    return {path: _remove_challenge(response) for path, response in responses.items()}


def _remove_challenge(response: Response) -> Response:
    fields = {n: value for n, value in response.headers.items() if n != "www-authenticate"}
    return Response(response.body, response.status_code, fields)


def list_paths() -> Iterator[str]:
    """Yield the paths of the pages for people, from the home page.

    ``/simple/`` is for installers; the proxy serves it with another policy.
    """
    for name in sorted(render_site().keys() - {layout.ROOT_HTML}):
        is_alike = any(part in name for part in _ALIKE) and name.count("/") > 2
        if name.endswith(".html") and not is_alike:
            yield name.removesuffix("index.html")


def _render_project_pages(content: ReleaseContent) -> dict[str, bytes]:
    project, listing = content.record.project, content.listing
    return {
        web_layout.locate_web_page(project): render_project(content, SITE),
        _name_release(content): render_release(content, SITE),
        web_layout.locate_releases(project): render_releases(listing),
        web_layout.locate_release_list(project): render_release_list(
            listing, divide_releases(content.record), SITE, INDEX
        ),
        web_layout.locate_history(project): render_history(
            project, divide_history(content.record), content.notes, SITE, INDEX
        ),
    }


def _name_release(content: ReleaseContent) -> str:
    return web_layout.locate_release_page(content.record.project, content.version)
