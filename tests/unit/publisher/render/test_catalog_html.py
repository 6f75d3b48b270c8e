"""Conformance of ``/simple/`` to INDEX_API section C."""

from html.parser import HTMLParser

import html5lib
import pytest
from jinja2 import Template

from publisher.errors import UnexpectedHtml
from publisher.render.catalog_html import render_root
from schemas.names import ProjectName


class ParsedCatalogPage(HTMLParser):
    """Links and declarations of a page, parsed by the standard library."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.links: list[tuple[str, str | None]] = []
        self.meta: dict[str | None, str | None] = {}
        self._href: str | None = None
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(("", given.get("href")))
        elif tag == "meta":
            self.meta[given.get("name")] = given.get("content")

    def handle_data(self, data: str) -> None:
        if self.links and self.lasttag in ("a", "strong"):
            text, href = self.links[-1]
            self.links[-1] = (f"{text} {data}".strip(), href)
            self.lasttag = "" if self.lasttag == "a" else "a"


PROJECTS = [ProjectName(name) for name in ("acme", "index-x", "old")]
PAGES = [render_root(PROJECTS), render_root([])]


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
