"""Links of all pages: relative, so that the index works under any host name and path prefix."""

import json
import re
from html import unescape
from urllib.parse import urljoin

import pytest

from publisher.catalog_pages import render_catalog
from publisher.project_pages import create_kinds
from publisher.render.listing import Listing
from publisher.render.templates import ENTRIES_PER_PAGE
from schemas import layout
from schemas.catalog import CatalogEntry
from unit.publisher.publisher_fixtures import ACME, HOSTILE, make_hostile_record

ADDRESSES = {
    layout.HOME: "",
    layout.ROOT_HTML: "simple/",
    layout.locate_project_html(ACME): "simple/acme/",
    layout.locate_project_json(ACME): "simple/acme/",
}
"""Addresses of the objects with another name, relative to the home page."""

BASES = ("https://packages.example/", "http://127.0.0.1:8080/", "https://example.org/python/acme/")

FILES = [f"packages/{name.replace('!', '%21').replace('+', '%2B')}" for name in HOSTILE]
OFFERED = {name for name in FILES if "dev3" not in name}


def render_pages(index_url: str | None = None) -> dict[str, str]:
    """Render all pages of an index with one project, by object name."""
    record = make_hostile_record()
    listing = Listing.from_record(record)
    entries = [CatalogEntry.from_record(record)] * (ENTRIES_PER_PAGE + 1)
    pages = {name: data for name, _, data in render_catalog(entries, "Packages", {})}
    pages |= {kind.locate(ACME): kind.render(listing) for kind in create_kinds(index_url)}
    return {name: data.decode() for name, data in pages.items()}


def list_links(name: str, page: str) -> set[str]:
    """Return the addresses in a page, without their fragments."""
    if name.endswith(".html"):
        found = re.findall(r'<a [^>]*?href="([^"]*)"', page)
        return {unescape(link).partition("#")[0] for link in found}
    whole = json.loads(page)
    files = [*whole.get("files", ()), *(f for r in whole.get("releases", {}).values() for f in r)]
    return {file["url"] for file in files} | {
        whole["info"]["project_url"] for _ in [0] if "info" in whole
    }


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
    project, first, second = "simple/acme/", "changelog/page1.html", "changelog/page2.html"
    navigation = {base, base + first, base + "simple/"}
    assert found == {
        "index.html": {*navigation, base + project},
        "simple/index.html": {base + project},
        "simple/index.v1.json": set(),
        "simple/acme/index.html": files,
        "simple/acme/index.v1.json": files,
        "pypi/acme/json": {*files, base + project},
        first: {*navigation, base + second, base + project},
        second: {*navigation, base + first, base + project},
    }


@pytest.mark.parametrize("base", BASES)
def test_with_its_address_known_only_the_older_json_has_absolute_urls(base: str) -> None:
    pages = render_pages(f"{base}simple/")
    legacy = layout.locate_legacy_json(ACME)
    assert {name: page for name, page in pages.items() if name != legacy} == {
        name: page for name, page in PAGES.items() if name != legacy
    }
    assert list_links(legacy, pages[legacy]) == {base + path for path in (*OFFERED, "simple/acme/")}
