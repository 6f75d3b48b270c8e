"""Conformance of the catalog's pages to INDEX_API section C."""

from html.parser import HTMLParser

import html5lib
import pytest
from jinja2 import Template

from publisher.errors import UnexpectedHtml
from publisher.render.catalog_html import render_changelog, render_home, render_root
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from testing.fakes.examples import make_time

TITLE = "Packages of <Ünited> & Sons"


class ParsedCatalogPage(HTMLParser):
    """Links and declarations of a page, parsed by the standard library."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.links: list[tuple[str, str | None]] = []
        self.meta: dict[str | None, str | None] = {}
        self.text = ""
        self._href: str | None = None
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(("", given.get("href")))
        elif tag == "meta":
            self.meta[given.get("name")] = given.get("content")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.links and self.lasttag in ("a", "strong"):
            text, href = self.links[-1]
            self.links[-1] = (f"{text} {data}".strip(), href)
            self.lasttag = "" if self.lasttag == "a" else "a"

    def list_hrefs(self, start: str) -> list[str]:
        return [href for _, href in self.links if href and href.startswith(start)]


def make_entry(name: str, *, upload: float | None = 0, version: str | None = "1.0") -> CatalogEntry:
    facts: dict[str, object] = {
        "project": name,
        "record-revision": 1,
        "display-name": name.title(),
        "latest-version": version,
        "latest-upload": None if upload is None else make_time(upload),
    }
    return CatalogEntry.model_validate(facts)


ENTRIES = [
    make_entry("acme"),
    make_entry("index-x", version="1!2.0"),
    make_entry("old", upload=None, version=None),
]
PROJECTS = [one.project for one in ENTRIES]
PAGES = [
    render_root(PROJECTS),
    render_root([]),
    render_home(ENTRIES, TITLE),
    render_home([], TITLE),
    render_changelog(ENTRIES, TITLE, 2, 3),
    render_changelog([], TITLE, 1, 1),
]


@pytest.mark.conformance(19)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_html5_to_a_strict_parser(page: bytes) -> None:
    html5lib.HTMLParser(strict=True).parse(page.decode())


@pytest.mark.conformance(20)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_it_is_of_version_1_4(page: bytes) -> None:
    assert ParsedCatalogPage(page).meta["pypi:repository-version"] == "1.4"


@pytest.mark.conformance(21)
def test_the_root_has_exactly_one_link_a_project_to_its_address() -> None:
    assert ParsedCatalogPage(render_root(PROJECTS)).links == [
        ("acme", "acme/"),
        ("index-x", "index-x/"),
        ("old", "old/"),
    ]


def test_the_home_page_lists_every_project_with_its_latest_version() -> None:
    page = ParsedCatalogPage(render_home(ENTRIES, TITLE))
    assert page.list_hrefs("simple/") == ["simple/acme/", "simple/index-x/", "simple/old/"]
    for line in ("(latest version: 1!2.0)", "(latest version: none)"):
        assert line in page.text
    assert TITLE in page.text


def test_the_changelog_lists_projects_with_time_and_version() -> None:
    page = ParsedCatalogPage(render_changelog(ENTRIES[:2], TITLE, 1, 1))
    addresses = page.list_hrefs("../simple/")[1:]
    assert addresses == ["../simple/acme/", "../simple/index-x/"]
    assert [text for text, href in page.links if href in addresses] == PROJECTS[:2]
    for text in ("2026-11-24 12:00:00 UTC", "1!2.0", "Latest upload"):
        assert text in page.text


@pytest.mark.parametrize(
    ("number", "count", "expected"),
    [
        (1, 1, []),
        (1, 3, ["page2.html", "page3.html"]),
        (2, 3, ["page1.html", "page1.html", "page3.html", "page3.html"]),
        (3, 3, ["page1.html", "page2.html"]),
        (4, 2, ["page1.html", "page2.html"]),
    ],
)
def test_pages_of_the_changelog_lead_to_each_other(
    number: int, count: int, expected: list[str]
) -> None:
    page = ParsedCatalogPage(render_changelog([], TITLE, number, count))
    assert page.list_hrefs("page") == expected * 2
    assert page.list_hrefs("../")[:3] == ["../", "../changelog/page1.html", "../simple/"]


@pytest.mark.parametrize(
    ("page", "icons"),
    [
        (render_home(ENTRIES, TITLE), 1),
        (render_changelog(ENTRIES, TITLE, 2, 3), 1),
        (render_root(PROJECTS), 0),
    ],
)
def test_pages_for_people_have_an_icon_without_a_request(page: bytes, icons: int) -> None:
    assert page.count(b'<link rel="icon" href="data:image/svg+xml,') == icons
    assert page.count(b"<link") == icons


@pytest.mark.parametrize(("old", "new"), [("<li>", "<ul>"), ("/index.html", ".html")])
def test_a_dumb_pypi_with_other_links_is_detected(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = Template.render

    def render_otherwise(self: Template, **given: object) -> str:
        html = render(self, **given)
        return html[: html.index("</a>") + 4] if old == "<li>" else html.replace(old, new)

    monkeypatch.setattr(Template, "render", render_otherwise)
    with pytest.raises(UnexpectedHtml):
        render_root([ProjectName("acme"), ProjectName("beta")])
