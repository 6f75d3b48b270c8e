"""Fixtures of the tests in Chromium: ``make test-browser``, not part of ``make test``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browser.chromium import start_chromium
from browser.page_server import PageServer, serve_pages
from browser.sample_site import create_error_responses, render_site

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    with start_chromium() as driver:
        yield driver


@pytest.fixture(scope="session")
def server() -> Iterator[PageServer]:
    with serve_pages(render_site(), create_error_responses()) as running:
        yield running
