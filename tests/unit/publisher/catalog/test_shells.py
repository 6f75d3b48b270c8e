import re

import html5lib
import pytest

from publisher.catalog.catalog_objects import PROJECTS_PER_PAGE, CatalogContent
from publisher.catalog.shells import render_project_list
from schemas import layout, web_layout
from schemas.headers import HTML
from unit.publisher.catalog.entries import HOSTILE_TEXT, make_entry, make_event, make_names
from unit.publisher.publisher_fixtures import SITE

SHELLS = (layout.HOME, web_layout.SEARCH_PAGE, web_layout.CHANGES_PAGE)
ENTRIES = [
    make_entry("acme-secret", display_name="Acme.Secret", recent=(make_event(),), summary="Hush"),
    make_entry("beta", latest_version="2.0", status="archived"),
]


def render(entries: list[object]) -> dict[str, str]:
    content = CatalogContent(entries, SITE)  # type: ignore[arg-type]
    pages = (each for each in content.list_objects() if each.content_type == HTML)
    return {each.name: each.render().decode() for each in pages if "simple" not in each.name}


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_has_no_data_of_projects(name: str) -> None:
    page = render(list(ENTRIES))[name]
    assert page == render([])[name]
    assert re.findall("acme|beta|Hush", page, re.IGNORECASE) == []


@pytest.mark.parametrize("name", [*SHELLS, web_layout.locate_project_list(1)])
def test_every_page_is_html5_to_a_strict_parser(name: str) -> None:
    html5lib.HTMLParser(strict=True).parse(render(list(ENTRIES))[name])


@pytest.mark.parametrize("name", [*SHELLS, web_layout.locate_project_list(1)])
def test_no_page_has_an_inline_script_or_style(name: str) -> None:
    page = render(list(ENTRIES))[name]
    assert re.findall(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=", page) == []


@pytest.mark.parametrize("name", SHELLS)
def test_a_page_without_script_leads_to_the_list_of_projects(name: str) -> None:
    assert re.search(r'href="(\./|\.\./)?projects/"', render([])[name])


def test_the_form_of_the_search_leads_to_the_list_without_a_script() -> None:
    assert 'action="./projects/"' in render([])[layout.HOME]
    assert 'action="../projects/"' in render([])[web_layout.SEARCH_PAGE]


def test_the_list_links_every_project_with_version_status_and_summary() -> None:
    page = render(list(ENTRIES))[web_layout.locate_project_list(1)]
    for part in (
        '<a href="acme-secret/">Acme.Secret</a>',
        "Hush",
        '<a href="beta/">beta</a> <span class="version">2.0</span>',
        ">archived<",
        "page 1 of 1",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("facts", "tags"),
    [
        ({"latest_version": "1.0", "file_count": 1}, []),
        ({"file_count": 1}, ["yanked"]),
        ({"file_count": 1, "status": "archived"}, ["yanked", "archived"]),
        ({}, ["no files"]),
        ({"status": "quarantined"}, ["quarantined"]),
    ],
)
def test_the_list_says_why_a_project_has_no_version(
    facts: dict[str, object], tags: list[str]
) -> None:
    page = render([make_entry("acme", **facts)])["projects/page1.html"]
    assert re.findall('class="tag">([^<]+)<', page) == tags


def test_the_list_is_paged() -> None:
    entries = [make_entry(name) for name in make_names(2 * PROJECTS_PER_PAGE + 1)]
    pages = render(list(entries))
    names = [web_layout.locate_project_list(number) for number in (1, 2, 3)]
    assert sorted(name for name in pages if name.startswith("projects/")) == names
    assert [pages[name].count('<li><a href="project-') for name in names] == [500, 500, 1]


@pytest.mark.parametrize(
    ("number", "pages", "expected"),
    [
        (1, 1, []),
        (1, 3, ["page2.html", "page3.html"]),
        (2, 3, ["page1.html", "page1.html", "page3.html", "page3.html"]),
        (3, 3, ["page1.html", "page2.html"]),
        (4, 2, ["page1.html", "page1.html", "page2.html"]),
    ],
)
def test_pages_of_the_list_lead_to_each_other(number: int, pages: int, expected: list[str]) -> None:
    entries = ENTRIES if number <= pages else []
    page = render_project_list(entries, SITE, number, pages).decode()
    assert re.findall(r'href="(page[0-9]+\.html)"', page) == expected


def test_pages_beyond_the_last_become_empty() -> None:
    existing = [web_layout.locate_project_list(number) for number in (2, 3)]
    content = CatalogContent(ENTRIES, SITE)
    pages = {each.name: each for each in content.list_objects(existing)}
    for name in existing:
        assert "No projects on this page" in pages[name].render().decode()
    assert web_layout.locate_project_list(4) not in pages


def test_an_empty_index_says_so() -> None:
    assert "The index is empty." in render([])[web_layout.locate_project_list(1)]


def test_hostile_text_in_the_list_is_harmless() -> None:
    entry = make_entry("acme", display_name=HOSTILE_TEXT, summary=HOSTILE_TEXT)
    page = render_project_list([entry], SITE, 1, 1).decode()
    assert "<img" not in page
    assert [each for each in "\u202e\u2066\u2028\x1b" if each in page] == []
