"""Links of all pages: relative, so that the index works under any host name and path prefix."""

import json
import re
from html import unescape
from urllib.parse import urljoin

import pytest

from publisher.catalog.catalog_objects import PROJECTS_PER_PAGE, CatalogContent
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from schemas.headers import HTML, SIMPLE_JSON
from unit.publisher.publisher_fixtures import ACME, HOSTILE, SITE, make_hostile_record

ADDRESSES = {
    layout.HOME: "",
    web_layout.SEARCH_PAGE: "search/",
    web_layout.CHANGES_PAGE: "changes/",
    layout.ROOT_HTML: "simple/",
    layout.locate_project_html(ACME): "simple/acme/",
    layout.locate_project_json(ACME): "simple/acme/",
}
"""Addresses of the objects with another name, relative to the home page."""

LINKED = (HTML, SIMPLE_JSON)
"""Media types of the catalog's objects with links."""

BASES = ("https://packages.example/", "http://127.0.0.1:8080/", "https://example.org/python/acme/")

FILES = [f"packages/{name.replace('!', '%21').replace('+', '%2B')}" for name in HOSTILE]
OFFERED = {name for name in FILES if "dev3" not in name}


def render_pages() -> dict[str, str]:
    """Render all pages of an index with one project, by object name."""
    record = make_hostile_record()
    listing = Listing.from_record(record)
    entries = [CatalogEntry.from_record(record)] * (PROJECTS_PER_PAGE + 1)
    objects = CatalogContent(entries, SITE).list_objects()
    pages = {each.name: each.render() for each in objects if each.content_type in LINKED}
    pages |= {kind.locate(ACME): kind.render(listing) for kind in KINDS}
    return {name: data.decode() for name, data in pages.items()}


def list_links(name: str, page: str) -> set[str]:
    """Return the addresses in a page, without fragments."""
    if name.endswith(".html"):
        found = re.findall(r'<a [^>]*?href="([^"]*)"', page)
        return {unescape(link).partition("#")[0] for link in found if link[:1] != "#"}
    whole = json.loads(page)
    return {file["url"] for file in whole.get("files", ())}


PAGES = render_pages()


@pytest.mark.conformance(8)
@pytest.mark.parametrize("name", PAGES)
def test_no_link_has_a_host_or_begins_at_the_root(name: str) -> None:
    links = list_links(name, PAGES[name])
    assert [link for link in links if re.match(r"/|[a-z+.-]+:", link)] == []


@pytest.mark.conformance(8, 9)
@pytest.mark.parametrize("base", BASES)
def test_links_lead_to_the_addresses_of_the_index_under_any_base(base: str) -> None:
    found = {
        name: {urljoin(base + ADDRESSES.get(name, name), link) for link in list_links(name, page)}
        for name, page in PAGES.items()
    }
    files = {base + name for name in OFFERED}
    project, first, second = "simple/acme/", "projects/page1.html", "projects/page2.html"
    parts = ("", "projects/", "changes/", "simple/")
    navigation = {base + part for part in parts}
    assert found == {
        "index.html": navigation,
        "search/index.html": navigation,
        "changes/index.html": navigation,
        "simple/index.html": {base + project},
        "simple/index.v1.json": set(),
        "simple/acme/index.html": files,
        "simple/acme/index.v1.json": files,
        first: {*navigation, base + second, base + "projects/acme/"},
        second: {*navigation, base + first, base + "projects/acme/"},
    }
