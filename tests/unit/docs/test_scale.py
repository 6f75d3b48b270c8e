"""Tables of docs/scale.md against the script that computes them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FIRST = "### One project\n"


def test_the_page_about_scale_has_the_scripts_tables() -> None:
    command = [sys.executable, "-W", "error", "-m", "benchmarks.publish.scale"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    page = (ROOT / "docs/scale.md").read_text("utf-8")
    start = page.index(FIRST)
    assert page[start:] == done.stdout, f"{FIRST.strip()} and after it should be:\n{done.stdout}"
