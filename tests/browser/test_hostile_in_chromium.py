"""Hostile descriptions and metadata in Chromium: nothing runs, and each page stays whole."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from packaging.metadata import RawMetadata

from browser.chromium import list_complaints
from browser.page_server import PageServer, serve_pages
from publisher.render.numbered_pages import INDEX
from publisher.site.assets import ASSETS
from publisher.site.history_page import divide_history, render_history
from publisher.site.page_content import Readme
from publisher.site.release_page import render_release
from schemas.file_notes import FileNotes
from testing.fakes.examples import make_file_record
from testing.hostile_readmes import list_hostile_readmes, list_hostile_values
from testing.sample_content import SITE, make_content, make_readme, make_record, make_registers

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

pytestmark = pytest.mark.browser

README = list_hostile_readmes()
PARTS = """
const protocols = [...document.querySelectorAll("main a[href]")].map((link) => link.protocol);
const foreign = "main :is(script, style, iframe, object, embed, form[action], math, svg:not(.icon))"
  + ":not(.chart svg)";
const marks = [...document.querySelectorAll("*")].flatMap((each) => [...each.attributes])
  .filter(({name}) => name.startsWith("on") || name === "style").map(({name}) => name);
return {
  executed: window.executed === undefined ? "nothing" : "a script",
  protocols: [...new Set(protocols)].filter((each) => !/^((https?|mailto)?:)$/.test(each)),
  foreign: document.querySelectorAll(foreign).length,
  marks,
  ends: [...document.body.children].map((each) => each.localName).join(" "),
};
"""
"""Parts of a page that a hostile value could add or move."""
WHOLE = {
    "executed": "nothing",
    "protocols": [],
    "foreign": 0,
    "marks": [],
    "ends": "a header main footer",
}


def make_metadata(value: str) -> RawMetadata:
    """Return core metadata with a hostile value in each field that pages show."""
    return {
        "summary": value,
        "license": value,
        "requires_python": value,
        "author": value,
        "author_email": f"{value} <{value}>",
        "maintainer_email": value,
        "keywords": [value],
        "classifiers": [value],
        "home_page": value,
        "download_url": value,
        "project_urls": {value: value, "Docs": value},
        "requires_dist": [value, f"acme; extra == '{value}'"],
        "provides_extra": [value],
    }


def render_hostile_pages() -> dict[str, bytes]:
    """Return release pages with ten hostile descriptions each, and a page of the history."""
    pages = {asset.object_name: asset.data for asset in ASSETS.values()}
    values = cycle(list_hostile_values())
    for start in range(0, len(README), 10):
        descriptions = README[start : start + 10]
        html = [make_readme(each.text, each.content_type).html for each in descriptions]
        pages |= _render_pages(start, Readme("\n".join(html), html[0]), next(values))
    return pages


def _render_pages(number: int, readme: Readme, value: str) -> dict[str, bytes]:
    file = make_file_record(uploader=value, run=value[:128], holder=value[:200], summary=value[:99])
    registers = make_registers("1.0", value[:500], issued_by=value[:100])
    record = make_record("acme", [file], yanked=registers)
    notes = {file.filename: FileNotes((value,), (value,))}
    content = make_content(record, "1.0", make_metadata(value), readme, notes)
    return {
        f"projects/acme/{number}/index.html": render_release(content, SITE),
        f"projects/acme/{number}/history.html": render_history(
            record.project, divide_history(record), notes, SITE, INDEX
        ),
    }


def find_damage(browser: webdriver.Chrome, server: PageServer, path: str) -> list[str]:
    """Return the differences between a page and a whole page."""
    browser.get(server.url + path)
    parts = browser.execute_script(PARTS)
    damage = [f"{name}: {part}" for name, part in parts.items() if part != WHOLE[name]]
    # The scripts of the page ask for arrays that this server does not have.
    complaints = [each for each in list_complaints(browser) if ".json" not in each]
    return [f"{path}: {each}" for each in (*damage, *complaints)]


def test_hostile_values_run_nothing_and_leave_pages_whole(browser: webdriver.Chrome) -> None:
    assert len(README) >= 200
    pages = render_hostile_pages()
    list_complaints(browser)
    with serve_pages(pages) as server:
        paths = [name.removesuffix("index.html") for name in pages if name.endswith(".html")]
        damage = [line for path in paths for line in find_damage(browser, server, path)]
    assert damage == []
