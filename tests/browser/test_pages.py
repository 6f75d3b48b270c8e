"""Pages for people of a local index in Chromium: from the upload of files to the browser."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from browser.chromium import (
    SCHEMES,
    WIDTHS,
    find_violations,
    list_complaints,
    list_requests,
    save_image,
    set_view,
    wait_for,
)
from e2e.conftest import LocalIndex, built_in, wait_until
from testing.fakes.small_wheels import build_wheel
from testing.sample_content import DESCRIPTION

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

__all__ = ["built_in"]

pytestmark = pytest.mark.browser

PROJECTS = ("acme-auth", "acme-billing", "acme-geometry", "tool-for-builds", "weather")
YANK = """
from cloud import pubsub
from schemas.events import ProjectCommand
topic = pubsub.PubsubTopic(pubsub.connect(), "gcpypi-local", "project-command")
topic.publish(ProjectCommand(action="yank", project="weather", version="1.0", reason="too wet"))
"""
"""Program of an operator that yanks a release."""
FIELDS = """Summary: One of the sample projects
Requires-Dist: acme-auth
Keywords: samples
Description-Content-Type: text/markdown
"""


@pytest.fixture(scope="module")
def index(built_in: LocalIndex) -> LocalIndex:
    for project in PROJECTS:
        name = project.replace("-", "_")
        file = f"{name}-1.0-py3-none-any.whl"
        built_in.upload_file(file, build_wheel(name, metadata=f"{FIELDS}\n{DESCRIPTION}"))
        built_in.wait_for(project, file)
    pages = [f"/projects/{project}/" for project in PROJECTS]
    wait_until(lambda: all(built_in.get(page, "text/html")[0] == 200 for page in pages))
    wait_until(lambda: len(json.loads(built_in.get("/recent.json")[1])) == len(PROJECTS))
    wait_until(lambda: len(json.loads(built_in.get("/search.json")[1])) == len(PROJECTS))
    return built_in


@pytest.fixture(scope="module")
def reader(browser: webdriver.Chrome, index: LocalIndex) -> webdriver.Chrome:
    """Return the browser after the log-in of a person: it sends the token with each request."""
    log_in = index.index_url.split("://")[1].split("@")[0]
    browser.get(f"http://{log_in}@{find_host(index)}/")
    return browser


def find_host(index: LocalIndex) -> str:
    return index.index_url.split("@")[1].split("/")[0]


def open_page(browser: webdriver.Chrome, index: LocalIndex, path: str) -> None:
    """Open a page, without the log of earlier pages; the browser knows the log-in."""
    list_complaints(browser)
    list_requests(browser)
    browser.get(f"http://{find_host(index)}{path}")
    wait_for(browser, "document.readyState === 'complete'")


def read_text(browser: webdriver.Chrome, selector: str) -> str:
    return str(browser.find_element("css selector", selector).text)


def test_without_a_token_nothing_is_shown(browser: webdriver.Chrome, index: LocalIndex) -> None:
    browser.get(f"http://{find_host(index)}/")
    text = read_text(browser, "body")
    assert [project for project in PROJECTS if project in text] == []


def test_home_shows_the_newest_releases_and_totals(
    reader: webdriver.Chrome, index: LocalIndex
) -> None:
    open_page(reader, index, "/")
    wait_for(reader, "document.querySelectorAll('[data-newest] a').length === 5")
    links = reader.find_elements("css selector", "[data-newest] a")
    assert {link.text.replace("_", "-") for link in links} == set(PROJECTS)
    wait_for(reader, "document.querySelector('[data-totals]').textContent.includes('5 projects')")


def test_the_search_forgives_a_typo_and_opens_the_first_result(
    reader: webdriver.Chrome, index: LocalIndex
) -> None:
    open_page(reader, index, "/search/")
    box = reader.find_element("id", "find")
    box.send_keys("geomtry")
    wait_for(reader, "document.querySelectorAll('[data-results] a').length > 0")
    assert read_text(reader, "[data-results] a") == "acme-geometry"
    box.send_keys("\ue007")
    wait_for(reader, "location.pathname.endsWith('/projects/acme-geometry/')")


def test_a_project_offers_its_file_and_its_dependents(
    reader: webdriver.Chrome, index: LocalIndex
) -> None:
    open_page(reader, index, "/projects/acme-auth/")
    link = reader.find_element("partial link text", "acme_auth-1.0-py3-none-any.whl")
    assert "/packages/acme_auth-1.0-py3-none-any.whl#sha256=" in str(link.get_attribute("href"))
    assert read_text(reader, ".readme table th") == "operation"
    address = f"http://{find_host(index)}/simple/"
    assert read_text(reader, ".command.uv pre") == (f"uv add acme-auth --default-index {address}")
    wait_for(reader, "document.querySelectorAll('#used-by a').length >= 4")


def test_a_yank_is_shown_with_its_reason(reader: webdriver.Chrome, index: LocalIndex) -> None:
    index.run(sys.executable, "-c", YANK)
    wait_until(lambda: b"too wet" in index.get("/projects/weather/", "text/html")[1])
    open_page(reader, index, "/projects/weather/")
    assert "This release is yanked." in read_text(reader, ".notice.warning")
    assert "Reason: too wet" in read_text(reader, ".notice.warning")
    open_page(reader, index, "/projects/weather/history/")
    assert "yanked release 1: too wet" in read_text(reader, ".events")


def test_the_changes_are_listed(reader: webdriver.Chrome, index: LocalIndex) -> None:
    open_page(reader, index, "/changes/")
    wait_for(reader, "document.querySelectorAll('[data-changes] a').length >= 5")
    text = read_text(reader, "main")
    assert [project for project in PROJECTS if project not in text.replace("_", "-")] == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("home", "/"),
        ("search", "/search/?q=acme"),
        ("changes", "/changes/"),
        ("error", "/projects/absent/"),
        ("", "/projects/"),
        ("", "/projects/weather/"),
        ("", "/projects/weather/1.0/"),
        ("", "/projects/weather/history/"),
    ],
)
def test_pages_are_accessible_and_load_nothing_from_elsewhere(
    reader: webdriver.Chrome, index: LocalIndex, name: str, path: str
) -> None:
    for width, scheme in zip((*WIDTHS, *WIDTHS), (*SCHEMES, *SCHEMES[::-1]), strict=True):
        set_view(reader, width, scheme)
        open_page(reader, index, path)
        wait_for(reader, "!document.querySelector('[data-newest] .without-script')")
        requests = {url.split("@")[-1].split("://")[-1] for url in list_requests(reader)}
        assert {url.split("/")[0] for url in requests} == {find_host(index)}
        errors = [each for each in list_complaints(reader) if "404 (Not Found)" not in each]
        assert errors == []
        assert find_violations(reader) == [], (width, scheme)
        if name:
            save_image(reader, f"{name}-{width}-{scheme}")
