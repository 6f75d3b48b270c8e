"""CPU time of the tests by ring (`testing.rings`)."""

import re
import subprocess
import sys
from pathlib import Path

from testing.rings import list_rings

TESTS = Path(__file__).parents[2]

ORPHAN = """
import subprocess, sys, time
from testing.rings import adopt_orphans, run_command

BURN = "import time\\nwhile time.process_time() < 0.5: pass"
LEAVE = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"
adopt_orphans()
cpu, _ = run_command([sys.executable, "-c", LEAVE])
while cpu < 0.5:
    more, _ = run_command([sys.executable, "-c", "import time; time.sleep(0.1)"])
    cpu += more
"""
"""Program that ends when it has counted the CPU time of an orphan."""


def run_python(*words: str) -> str:
    command = [sys.executable, "-W", "error", *words]
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=300
    ).stdout


def test_the_rings_are_the_folders_with_tests() -> None:
    rings = list_rings(TESTS)
    assert {"chaos", "e2e", "unit/proxy", "unit/testing"} <= set(rings)
    assert not {"unit", "documented", "unit/README.md"} & set(rings)


def test_the_time_of_an_orphan_is_counted() -> None:
    assert run_python("-c", ORPHAN) == ""


def test_the_table_has_a_line_for_each_ring_and_a_total() -> None:
    table = run_python("-m", "testing.rings", "unit/testing/test_calls.py")
    head, ring, total = table.splitlines()
    assert head == "   CPU s   wall s  ring: result"
    assert re.fullmatch(r" +[0-9.]+ +[0-9.]+  unit/testing/test_calls.py: \d+ passed", ring)
    assert re.fullmatch(r" +[0-9.]+ +total", total)
