"""Pages of projects and releases in headless Chromium, under the policy of the proxy."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from browser.chromium import (
    SCHEMES,
    WIDTHS,
    find_violations,
    list_complaints,
    list_requests,
    measure_layout_shift,
    set_view,
    wait_for,
)
from browser.page_server import PageServer, serve_pages
from browser.sample_site import OLD_VERSION, list_paths
from publisher.site.assets import ASSETS
from publisher.site.release_page import render_project
from testing.fakes.examples import make_file_record
from testing.sample_content import SITE, make_content, make_readme, make_record

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

pytestmark = pytest.mark.browser

PATHS = list(list_paths())
GEOMETRY = "projects/acme-geometry/"


_MEASURE_DIRECTIONS = """
const place = (node, offset) => {
  const range = document.createRange();
  range.setStart(node, offset);
  range.setEnd(node, offset + 1);
  return range.getBoundingClientRect().left;
};
const measure = (element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const first = walker.nextNode();
  let last = first;
  for (let node = first; node; node = walker.nextNode()) if (node.data.trim()) last = node;
  return Math.sign(place(last, last.data.trimEnd().length - 1) - place(first, 0));
};
const [hebrew, english] = document.querySelectorAll(".readme > p");
return {
  Hebrew: measure(hebrew), English: measure(english),
  code: measure(document.querySelector(".readme pre")),
  quotation: measure(document.querySelector(".readme blockquote p")),
};
"""
"""Signs of the way from the first to the last character: -1 is to the left."""


def open_page(browser: webdriver.Chrome, server: PageServer, path: str, **view: object) -> None:
    """Open a page, without the log of earlier pages."""
    set_view(browser, **view)  # type: ignore[arg-type]
    list_complaints(browser)
    list_requests(browser)
    browser.get(server.url + path)


def serve_release(description: str) -> AbstractContextManager[PageServer]:
    """Serve the page of a project with a description in Markdown."""
    record = make_record("acme", [make_file_record("acme-1.0-py3-none-any.whl")])
    page = render_project(make_content(record, "1.0", readme=make_readme(description)), SITE)
    assets = {asset.object_name: asset.data for asset in ASSETS.values()}
    return serve_pages({**assets, "projects/acme/index.html": page})


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_no_violation(browser: webdriver.Chrome, server: PageServer, path: str) -> None:
    for width, scheme in zip(WIDTHS, SCHEMES, strict=True):
        open_page(browser, server, path, width=width, scheme=scheme)
        assert find_violations(browser) == [], (width, scheme)


@pytest.mark.parametrize("path", PATHS)
def test_pages_request_nothing_elsewhere_and_obey_the_policy(
    browser: webdriver.Chrome, server: PageServer, path: str
) -> None:
    open_page(browser, server, path)
    wait_for(browser, "document.readyState === 'complete'")
    requests = list_requests(browser)
    assert requests[0] == server.url + path
    assert [url for url in requests if not url.startswith(server.url)] == []
    assert list_complaints(browser) == []


@pytest.mark.parametrize("path", PATHS)
def test_pages_are_as_wide_as_the_window(
    browser: webdriver.Chrome, server: PageServer, path: str
) -> None:
    for width in WIDTHS:
        open_page(browser, server, path, width=width)
        assert browser.execute_script("return document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("path", [GEOMETRY, f"{GEOMETRY}{OLD_VERSION}/", "projects/acme-yanked/"])
def test_scripts_shift_nothing(browser: webdriver.Chrome, server: PageServer, path: str) -> None:
    for width in WIDTHS:
        open_page(browser, server, path, width=width)
        assert measure_layout_shift(browser) == 0


def test_pages_are_complete_without_scripts(browser: webdriver.Chrome, server: PageServer) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, server, GEOMETRY)
        wait_for(browser, "performance.getEntriesByName('first-contentful-paint').length === 1")
        for part in ("h1", ".command.uv", ".readme table", ".files a", ".dependencies", ".chart"):
            assert browser.find_element("css selector", part).is_displayed(), part
        for part in (".copy", ".filters", "#used-by"):
            assert not browser.find_element("css selector", part).is_displayed(), part
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_command_is_copied(browser: webdriver.Chrome, server: PageServer) -> None:
    permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    browser.execute_cdp_cmd("Browser.grantPermissions", permissions)
    open_page(browser, server, f"{GEOMETRY}2.4.1/")
    browser.find_element("css selector", "label[for=tool-poetry]").click()
    browser.find_element("css selector", ".command.poetry button").click()
    wait_for(browser, "document.querySelector('.poetry button').textContent === 'Copied'")
    read = "const done = arguments[0]; navigator.clipboard.readText().then(done)"
    assert browser.execute_async_script(read) == (
        f"poetry source add --priority=primary gcpypi {server.url}simple/\n"
        "poetry add acme-geometry==2.4.1"
    )


def test_arrow_keys_choose_the_tool(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, GEOMETRY)
    browser.find_element("id", "tool-uv").send_keys("\ue014")
    assert browser.find_element("css selector", ".command.pip").is_displayed()
    assert not browser.find_element("css selector", ".command.uv").is_displayed()


def test_the_first_tab_skips_to_the_content(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, GEOMETRY)
    browser.find_element("tag name", "html").send_keys("\ue004")
    skip = browser.switch_to.active_element
    assert (skip.text, skip.is_displayed()) == ("Skip to the content", True)
    skip.send_keys("\ue007")
    assert browser.execute_script("return document.activeElement.id") == "main"


def test_files_are_filtered(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, GEOMETRY)
    choose = "const [python, , platform] = document.querySelectorAll('[data-column]');"
    change = "python.form.dispatchEvent(new Event('change'))"
    browser.execute_script(f"{choose} python.value = 'cp312'; {change}")
    items = browser.find_elements("css selector", ".files > li")
    names = [item.text.split()[0] for item in items if item.is_displayed()]
    assert len(names) == 4
    assert [name for name in names if "cp312" not in name] == ["acme_geometry-2.4.1.tar.gz"]
    assert browser.find_element("css selector", "[data-shown]").text == "4 of 11"


@pytest.mark.parametrize(
    ("version", "text"), [(OLD_VERSION, "Newest version: 2.4.1"), ("2.4.1", "")]
)
def test_an_old_release_names_the_newest_one(
    browser: webdriver.Chrome, server: PageServer, version: str, text: str
) -> None:
    open_page(browser, server, f"{GEOMETRY}{version}/")
    wait_for(browser, "document.querySelectorAll('[data-dependency] a').length > 0")
    if text:
        wait_for(browser, "document.querySelector('[data-newer] a')")
    assert browser.find_element("css selector", "[data-newer]").text == text


def test_a_release_after_the_latest_one_names_the_choice_of_installers(
    browser: webdriver.Chrome, server: PageServer
) -> None:
    """The newest version is yanked, for example."""
    name = f"{GEOMETRY}releases.json"
    releases = json.loads(server.pages[name]) | {"latest": OLD_VERSION}
    with serve_pages({**server.pages, name: json.dumps(releases).encode()}) as other:
        open_page(browser, other, f"{GEOMETRY}2.4.1/")
        wait_for(browser, "document.querySelector('[data-newer] a')")
        text = browser.find_element("css selector", "[data-newer]").text
    assert text == f"Version that installers choose: {OLD_VERSION}"


def test_without_search_data_there_are_no_dependents(
    browser: webdriver.Chrome, server: PageServer
) -> None:
    pages = {name: data for name, data in server.pages.items() if name != "search.json"}
    with serve_pages(pages) as other:
        open_page(browser, other, GEOMETRY)
        wait_for_path(other, "search.json")
        # Another answer comes after the scripts have read theirs.
        browser.execute_async_script("fetch('releases.json').finally(arguments[0])")
        assert not browser.find_element("id", "used-by").is_displayed()


def wait_for_path(server: PageServer, end: str) -> None:
    """Wait for a request of a path with this end."""
    deadline = time.monotonic() + 30
    while not any(path.endswith(end) for path in server.paths):
        assert time.monotonic() < deadline, server.paths
        time.sleep(0.05)


def test_dependencies_of_the_index_are_links(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, GEOMETRY)
    wait_for(browser, "document.querySelectorAll('[data-dependency] a').length > 0")
    links = browser.find_elements("css selector", "[data-dependency] a")
    assert {link.text: link.get_attribute("href") for link in links} == {
        "acme-core": f"{server.url}projects/acme-core/",
        "acme-plot[svg]": f"{server.url}projects/acme-plot/",
    }


def test_icons_of_links_are_drawn(browser: webdriver.Chrome, server: PageServer) -> None:
    open_page(browser, server, GEOMETRY)
    width = "document.querySelector('.icon use').getBBox().width"
    wait_for(browser, f"{width} > 0")


def test_each_paragraph_has_the_direction_of_its_text(browser: webdriver.Chrome) -> None:
    """A sentence in Hebrew begins at the right, with its full stop at the left."""
    text = (
        "\u05e9\u05dc\u05d5\u05dd `code` Python.\n\nAn English paragraph.\n\n"
        "```python\nprint(1)\n```\n\n> \u05e9\u05dc\u05d5\u05dd\n"
    )
    with serve_release(text) as server:
        open_page(browser, server, "projects/acme/")
        measured = browser.execute_script(_MEASURE_DIRECTIONS)
    assert measured == {"Hebrew": -1, "English": 1, "code": 1, "quotation": -1}


def test_a_long_name_in_a_table_leaves_room_for_its_text_on_a_phone(
    browser: webdriver.Chrome,
) -> None:
    """Otherwise the text has one word on each line, right of the window."""
    text = f"| option | meaning |\n|---|---|\n| `a_{'very_' * 6}long_name` | {'words ' * 20} |\n"
    with serve_release(text) as server:
        open_page(browser, server, "projects/acme/", width=360)
        name, meaning = browser.find_elements("css selector", ".readme td")
        assert meaning.rect["x"] + meaning.rect["width"] <= 360
        assert name.rect["width"] >= 80
        assert meaning.rect["height"] < 400


def test_hostile_metadata_runs_no_script(browser: webdriver.Chrome, server: PageServer) -> None:
    for path in (path for path in PATHS if "acme-hostile" in path):
        open_page(browser, server, path)
        wait_for(browser, "document.readyState === 'complete'")
        assert browser.title  # an open dialog raises UnexpectedAlertPresentException
        assert browser.find_elements("css selector", "main script, main iframe, main img") == []
        assert list_complaints(browser) == []
