"""Chromium under the control of the tests: views, accessibility checks and images."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium import webdriver  # type: ignore[import-not-found]  # in a separate venv

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".venv/browser/node_modules/axe-core/axe.min.js"
IMAGES = ROOT / "docs/images"
WIDTHS = (360, 1280)
"""Widths of the tests, in CSS pixels: a small phone and a laptop."""
SCHEMES = ("light", "dark")
_SHIFTS = """
const done = arguments[arguments.length - 1];
let sum = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; })
  .observe({type: "layout-shift", buffered: true});
setTimeout(() => done(sum), 500);
"""
_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  (result) => done(result.violations.flatMap((violation) => violation.nodes.map(
    (node) => `${violation.id}: ${node.html} (${node.failureSummary})`))),
  (error) => done([String(error)]));
"""


@contextmanager
def start_chromium() -> Iterator[webdriver.Chrome]:
    """Run Chromium without a window."""
    from selenium import webdriver  # imported here, so that the tests are collected without it

    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    for argument in ("headless=new", "no-sandbox", "no-proxy-server", "hide-scrollbars"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
    driver = webdriver.Chrome(options, service)
    driver.set_script_timeout(300)  # axe-core can take long on a busy machine
    try:
        yield driver
    finally:
        driver.quit()


def set_view(browser: webdriver.Chrome, width: int = 1280, scheme: str = "light") -> None:
    """Set the width and the colour scheme of the next pages."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def find_violations(browser: webdriver.Chrome) -> list[str]:
    """Return the violations that axe-core finds on the page."""
    browser.execute_script(AXE.read_text("utf-8"))
    return [str(violation) for violation in browser.execute_async_script(_AXE)]


def measure_layout_shift(browser: webdriver.Chrome) -> float:
    """Return the sum of the layout shifts of the page, half a second after its load."""
    return float(browser.execute_async_script(_SHIFTS))


def list_requests(browser: webdriver.Chrome) -> list[str]:
    """Return the URLs of the requests since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [each["params"] for each in events if each["method"] == "Network.requestWillBeSent"]
    return [str(each["request"]["url"]) for each in sent]


def list_complaints(browser: webdriver.Chrome) -> list[str]:
    """Return what the browser logged since the last call: errors and violations of the policy."""
    return [str(entry["message"]) for entry in browser.get_log("browser")]


def save_image(browser: webdriver.Chrome, name: str, height: int = 900) -> Path:
    """Write the top of the page to an image, at most ``height`` pixels high."""
    size = browser.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], height), "scale": 1}
    settings: dict[str, Any] = {"format": "webp", "quality": 60, "clip": clip}
    image = browser.execute_cdp_cmd(
        "Page.captureScreenshot", settings | {"captureBeyondViewport": True}
    )
    path = IMAGES / f"{name}.webp"
    path.write_bytes(base64.b64decode(image["data"]))
    return path


def wait_for(browser: webdriver.Chrome, script: str, patience: float = 30) -> None:
    """Wait until a script returns true."""
    end = time.monotonic() + patience
    while not browser.execute_script(f"return {script}"):
        assert time.monotonic() < end, f"not true within {patience} s: {script}"
        time.sleep(0.05)
