"""Small form of a load: its command, with small numbers."""

import subprocess
import sys
from pathlib import Path

from testing.processes import Process

ROOT = Path(__file__).parents[3]
LONGEST = 1800
"""Seconds after which the command counts as hanging."""


def run_small_form(module: str, options: tuple[str, ...], folder: Path) -> str:
    """Run ``python -m <module>`` until it succeeds; return its output."""
    output = folder / "output"
    with (
        output.open("wb") as file,
        Process(
            [sys.executable, "-W", "error", "-m", module, *options],
            folder=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        code = process.wait(LONGEST)
    printed = output.read_text()
    assert code == 0, printed
    return printed
