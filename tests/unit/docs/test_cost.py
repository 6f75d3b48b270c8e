"""Tables of docs/cost.md against the script that computes them from counted operations."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FIRST = "## Counted usage\n"


def test_the_page_about_cost_has_the_scripts_tables() -> None:
    command = [sys.executable, "-W", "error", "-m", "benchmarks.cost"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    page = (ROOT / "docs/cost.md").read_text("utf-8")
    start = page.index(FIRST)
    assert page[start:] == done.stdout, (
        f"{FIRST.strip()} and all after it should be:\n{done.stdout}"
    )
