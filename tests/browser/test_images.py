"""Images of the pages for the documentation (``docs/images/``)."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from browser.chromium import (
    IMAGES,
    SCHEMES,
    WIDTHS,
    find_violations,
    save_image,
    set_view,
    wait_for,
)
from browser.page_server import PageServer
from browser.sample_site import OLD_VERSION

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

pytestmark = pytest.mark.browser

PAGES = {
    "project": "projects/acme-geometry/",
    "release": f"projects/acme-geometry/{OLD_VERSION}/",
    "history": "projects/acme-geometry/history/",
    "yanked": "projects/acme-yanked/",
    "quarantined": "projects/acme-quarantined/",
    "empty": "projects/acme-empty/",
    "error-401": "error/401",
    "error-503": "error/503",
}


@pytest.mark.parametrize(("name", "width", "scheme"), list(product(PAGES, WIDTHS, SCHEMES)))
def test_an_image_of_each_page_is_drawn(
    browser: webdriver.Chrome, server: PageServer, name: str, width: int, scheme: str
) -> None:
    set_view(browser, width, scheme)
    browser.get(server.url + PAGES[name])
    wait_for(browser, "document.readyState === 'complete'")
    if name == "release":
        wait_for(browser, "document.querySelector('[data-newer] a')")
    if name.startswith("error-"):
        status = name.removeprefix("error-")
        assert browser.find_element("css selector", "h1").text.startswith(status)
        assert find_violations(browser) == []
    path = save_image(browser, f"{name}-{width}-{scheme}")
    assert 0 < path.stat().st_size < 150_000


def test_all_images_are_less_than_2_mb() -> None:
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < 2_000_000
