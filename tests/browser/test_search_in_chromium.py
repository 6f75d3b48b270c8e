"""Home, search, changes and dependents in headless Chromium, under the policy of the proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browser.chromium import list_complaints, set_view, wait_for
from browser.page_server import PageServer, serve_pages
from browser.sample_site import list_contents, render_site
from publisher.catalog.catalog_objects import CatalogContent
from schemas.catalog import CatalogEntry
from schemas.records import ProjectRecord
from testing.fakes.examples import make_file_record
from testing.sample_content import SITE

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

pytestmark = pytest.mark.browser

DOWN, UP, ENTER, ESCAPE = "\ue015", "\ue013", "\ue007", "\ue00c"
"""Keys by the code points of WebDriver: https://www.w3.org/TR/webdriver2/#keyboard-actions"""
RESULTS = "[...document.querySelectorAll('[data-results] a')].map(a => a.textContent)"
STATUS = "document.querySelector('[data-status]').textContent"


def make_entry(project: str, **facts: object) -> CatalogEntry:
    """Make the entry of a project of one wheel."""
    file = make_file_record(f"{project.replace('-', '_')}-1.0-py3-none-any.whl", **facts)
    return CatalogEntry.from_record(
        ProjectRecord(project=file.project, revision=1, files={file.filename: file})
    )


def list_entries() -> list[CatalogEntry]:
    """Return the entries of the sample projects and of two others, sorted."""
    sample = [CatalogEntry.from_record(content.record) for content in list_contents()]
    parts = make_entry("acme-parts", summary="Common parts")
    atlas = make_entry(
        "acme-atlas",
        summary="Draws maps with <b>borders</b>",
        requires_dist=("acme-geometry>=2",),
    )
    return sorted([*sample, parts, atlas], key=lambda entry: entry.project)


def render_catalog(entries: list[CatalogEntry]) -> dict[str, bytes]:
    return {each.name: each.render() for each in CatalogContent(entries, SITE).list_objects()}


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with serve_pages(render_site() | render_catalog(list_entries())) as running:
        yield running


@pytest.fixture(scope="module")
def large_server() -> Iterator[PageServer]:
    """Index with more than 1 MB of search data, so with shards only."""
    many = [make_entry(f"zeta-{number:04d}", summary="x" * 500) for number in range(2000)]
    with serve_pages(render_site() | render_catalog([*list_entries(), *many])) as running:
        yield running


def open_page(browser: webdriver.Chrome, server: PageServer, path: str = "") -> None:
    set_view(browser)
    list_complaints(browser)
    browser.get(server.url + path)


def search(browser: webdriver.Chrome, words: str) -> list[str]:
    """Type words into the search, and return the results."""
    box = browser.find_element("id", "find")
    box.send_keys(ESCAPE)
    box.send_keys(words)
    wait_for(browser, f"/project|found|letters/.test({STATUS})")
    return [str(name) for name in browser.execute_script(f"return {RESULTS}")]


def press(browser: webdriver.Chrome, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def test_the_home_page_shows_totals_and_newest_releases(
    browser: webdriver.Chrome, server: PageServer
) -> None:
    open_page(browser, server)
    wait_for(browser, "document.querySelectorAll('[data-newest] a').length > 3")
    text = browser.find_element("tag name", "main").text.replace("\n", " ")
    assert f"{len(list_entries())} projects, " in text
    assert "acme-geometry 2.4.1" in text
    assert list_complaints(browser) == []


def test_the_search_finds_names_keywords_summaries_and_typing_errors(
    browser: webdriver.Chrome, server: PageServer
) -> None:
    open_page(browser, server, "search/")
    assert search(browser, "acme-geo") == ["acme-geometry"]
    assert search(browser, "common") == ["acme-parts"]
    assert search(browser, "acme geomtery")[0] == "acme-geometry"
    assert search(browser, "atlas") == ["acme-atlas"]
    assert "<b>borders</b>" in browser.find_element("css selector", "[data-results]").text


@pytest.mark.parametrize(
    ("project", "text"),
    [
        ("acme-yanked", "acme-yanked yanked"),
        ("acme-removed", "acme-removed no files"),
        ("acme-quarantined", "acme-quarantined quarantined"),
    ],
)
def test_a_result_says_why_a_project_has_no_version(
    browser: webdriver.Chrome, server: PageServer, project: str, text: str
) -> None:
    open_page(browser, server, "search/")
    assert search(browser, project)[0] == project
    result = browser.find_element("css selector", "[data-results] li").text
    assert " ".join(result.split()) == text


def test_the_page_says_that_nothing_is_found(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, "search/")
    assert search(browser, "qqqqqqqq") == []
    status = browser.find_element("css selector", "[data-status]")
    assert status.text.startswith('Nothing found for "qqqqqqqq".')
    assert [status.get_attribute("role"), status.aria_role] == ["status", "status"]


def test_the_keyboard_is_enough(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server)
    browser.find_element("tag name", "body").send_keys("/")
    assert browser.switch_to.active_element.get_attribute("id") == "find"
    search(browser, "acme")
    press(browser, DOWN, DOWN)
    names = browser.execute_script(f"return {RESULTS}")
    assert browser.switch_to.active_element.text == names[1]
    press(browser, UP, UP)
    assert browser.switch_to.active_element.get_attribute("id") == "find"
    press(browser, ESCAPE)
    assert browser.find_element("id", "find").get_attribute("value") == ""
    assert not browser.find_element("css selector", "[data-results]").is_displayed()
    search(browser, "acme-geo")
    press(browser, ENTER)
    wait_for(browser, "location.pathname.endsWith('/projects/acme-geometry/')")


def test_a_query_in_the_address_is_searched(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, "search/?q=acme-geo")
    wait_for(browser, f"{RESULTS}.length === 1")
    open_page(browser, server, "projects/acme-geometry/")
    box = browser.find_element("id", "find")
    box.send_keys("acme-parts", ENTER)
    wait_for(browser, f"location.search === '?q=acme-parts' && {RESULTS}[0] === 'acme-parts'")


@pytest.mark.parametrize("path", ["", "search/?q=acme-geo", "changes/", "projects/acme-geometry/"])
def test_pages_work_with_credentials_in_their_address(
    browser: webdriver.Chrome, server: PageServer, path: str
) -> None:
    set_view(browser)
    browser.get(server.url.replace("://", "://__token__:secret@") + path)
    wait_for(
        browser,
        "document.querySelector('[data-newest] a, [data-results] a, [data-changes] a,"
        " [data-dependents] a') !== null",
    )


def test_without_a_script_the_search_leads_to_the_list(
    browser: webdriver.Chrome, server: PageServer
) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, server)
        assert "The search needs a script." in browser.find_element("tag name", "main").text
        browser.find_element("id", "find").send_keys("acme", ENTER)
        assert "/projects/?q=acme" in browser.current_url
        assert "acme-geometry" in browser.find_element("tag name", "main").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_large_index_is_searched_by_shards(
    browser: webdriver.Chrome, large_server: PageServer
) -> None:
    open_page(browser, large_server, "search/")
    assert search(browser, "z") == []
    assert "two letters" in browser.execute_script(f"return {STATUS}")
    assert search(browser, "zeta-0042") == ["zeta-0042"]
    assert search(browser, "acme-geo") == ["acme-geometry"]
    assert "/packages/index/search/ac.json" in large_server.paths


def test_changes_have_a_line_each(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, "changes/")
    wait_for(browser, "document.querySelectorAll('[data-changes] li').length > 3")
    text = browser.find_element("css selector", "[data-changes]").text
    assert "acme-parts 1.0 released by acme" in text.replace("\n", " ")
    assert list_complaints(browser) == []


def test_a_project_lists_its_dependents(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, "projects/acme-geometry/")
    wait_for(browser, "document.querySelectorAll('[data-dependents] a').length > 0")
    links = browser.find_elements("css selector", "[data-dependents] a")
    assert [link.text for link in links] == ["acme-atlas", "acme-plot"]
    assert str(links[0].get_attribute("href")).endswith("/packages/index/projects/acme-atlas/")


def test_the_dependents_in_a_large_index_are_found_at_a_click(
    browser: webdriver.Chrome, large_server: PageServer
) -> None:
    open_page(browser, large_server, "projects/acme-geometry/")
    wait_for(browser, "document.querySelector('[data-dependents] button') !== null")
    browser.find_element("css selector", "[data-dependents] button").click()
    wait_for(browser, "document.querySelectorAll('[data-dependents] a').length > 0", 120)
    links = browser.find_elements("css selector", "[data-dependents] a")
    assert [link.text for link in links] == ["acme-atlas", "acme-plot"]
