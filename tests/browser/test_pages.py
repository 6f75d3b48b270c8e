"""Pages for people in headless Chromium: ``make test-browser``, not part of ``make test``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.conftest import LocalIndex, built_in, wait_until
from testing.fakes.small_wheels import build_wheel

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

__all__ = ["built_in"]

pytestmark = pytest.mark.browser

PICTURE = Path(__file__).parents[2] / "docs/images/home.png"
PROJECTS = ("acme-auth", "acme-billing", "acme-geometry", "tool-for-builds", "weather")
YANK = """
from cloud import pubsub
from schemas.events import ProjectCommand
topic = pubsub.PubsubTopic(pubsub.connect(), "gcpypi-local", "project-command")
topic.publish(ProjectCommand(action="yank", project="weather", version="1.0"))
"""
"""Program of an operator that yanks a release without a reason."""
SUMMARY = "Summary: One of the sample projects\n"


@pytest.fixture(scope="module")
def index(built_in: LocalIndex) -> LocalIndex:
    for project in PROJECTS:
        name = project.replace("-", "_")
        file = f"{name}-1.0-py3-none-any.whl"
        built_in.upload_file(file, build_wheel(name, metadata=SUMMARY))
        built_in.wait_for(project, file)
    wait_until(lambda: all(p.encode() in built_in.get("/")[1] for p in PROJECTS))
    wait_until(
        lambda: all(p.encode() in built_in.get("/changelog/page1.html")[1] for p in PROJECTS)
    )
    return built_in


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    from selenium import webdriver  # imported here, so that the tests are collected without it

    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--no-proxy-server",
        "--window-size=900,600",
    ):
        options.add_argument(f"--{argument}")
    service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


def find_host(index: LocalIndex) -> str:
    return index.index_url.split("@")[1].split("/")[0]


def make_home_url(index: LocalIndex) -> str:
    """Return the URL of the home page, with the log-in of a person."""
    return f"http://{index.index_url.split('://')[1].split('@')[0]}@{find_host(index)}/"


def list_visible_projects(browser: webdriver.Chrome) -> set[str]:
    """Return the projects with a visible link."""
    links = browser.find_elements("css selector", "a")
    return {link.text.split()[0] for link in links if link.is_displayed() and link.text} & set(
        PROJECTS
    )


def test_without_a_token_nothing_is_shown(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(f"http://{find_host(index)}/")
    assert list_visible_projects(browser) == set()


def test_the_home_page_lists_every_project(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(make_home_url(index))
    assert list_visible_projects(browser) == set(PROJECTS)


def test_the_search_box_filters(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(make_home_url(index))
    (box,) = browser.find_elements("css selector", "input:not([readonly])")
    box.send_keys("acme")
    wait_until(
        lambda: list_visible_projects(browser) == {"acme-auth", "acme-billing", "acme-geometry"}
    )
    browser.save_screenshot(str(PICTURE))
    assert PICTURE.stat().st_size < 200_000


def test_the_search_box_takes_several_words(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(make_home_url(index))
    browser.find_element("id", "search").send_keys("ACME  geo")
    wait_until(lambda: list_visible_projects(browser) == {"acme-geometry"})


def test_a_project_offers_its_file(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(make_home_url(index))
    browser.find_element("partial link text", "weather").click()
    assert "/simple/weather/" in browser.current_url
    link = browser.find_element("partial link text", "weather-1.0-py3-none-any.whl")
    assert "/packages/weather-1.0-py3-none-any.whl#sha256=" in str(link.get_attribute("href"))


def test_a_click_selects_the_requirement(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(make_home_url(index) + "simple/weather/")
    browser.find_element("tag name", "code").click()
    assert browser.execute_script("return getSelection().toString()") == "weather==1.0"


def test_the_changes_are_listed(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(f"{make_home_url(index)}changelog/page1.html")
    text = browser.find_element("tag name", "body").text
    assert [project for project in PROJECTS if project not in text] == []


def test_the_browser_logs_no_errors(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get_log("browser")
    for page in ("", "simple/", "simple/weather/", "changelog/page1.html"):
        browser.get(make_home_url(index) + page)
    said = [str(entry["message"]) for entry in browser.get_log("browser")]
    assert [message for message in said if "favicon" not in message] == []


@pytest.mark.parametrize("page", ["", "changelog/page1.html"])
def test_the_icon_of_a_page_for_people_needs_no_request(
    browser: webdriver.Chrome, index: LocalIndex, page: str
) -> None:
    browser.get_log("browser")
    browser.get(make_home_url(index) + page)
    icon = browser.find_element("css selector", "link[rel=icon]").get_attribute("href")
    assert [str(icon)[:19], browser.get_log("browser")] == ["data:image/svg+xml,", []]


def test_links_lead_from_page_to_page(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(make_home_url(index))
    addresses = []
    for text in ("Changelog", "acme-auth", None, "Projects", "Simple index", "weather"):
        if text is None:
            browser.back()
        else:
            browser.find_element("link text", text).click()
        addresses.append("/" + browser.current_url.split("/", 3)[3])
    changelog = "/changelog/page1.html"
    pages = [changelog, "/simple/acme-auth/", changelog, "/", "/simple/", "/simple/weather/"]
    assert addresses == pages


def test_a_yank_without_a_reason_is_shown_once(
    browser: webdriver.Chrome, index: LocalIndex
) -> None:
    index.run(sys.executable, "-c", YANK)
    wait_until(lambda: b"data-yanked" in index.get("/simple/weather/", "text/html")[1])
    browser.get(make_home_url(index) + "simple/weather/")
    remark = "return getComputedStyle(document.querySelector('li a'), '::after').content"
    assert browser.execute_script(remark) == '"yanked"'
