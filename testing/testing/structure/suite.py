"""How many tests there are, and how many assertions."""

import ast
import re
import subprocess
import sys

from testing.structure.source import ROOT

FOLDERS = ("tests", "testing")
"""The tests and their equipment."""


def trees() -> list[ast.Module]:
    """The modules of the tests and of their equipment."""
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    return [ast.parse(file.read_text("utf-8")) for file in files]


def functions(modules: list[ast.Module]) -> int:
    """Functions called ``test_…``, whatever the number of their parameters."""
    return sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for module in modules
        for node in ast.walk(module)
    )


def node_ids() -> int:
    """The tests that pytest collects, each set of parameters counted."""
    # An empty expression selects the tests that ``addopts`` leaves out.
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-m", ""]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (count,) = re.findall(r"^(\d+) tests collected", done.stdout, re.MULTILINE)
    return int(count)


def assertions(modules: list[ast.Module]) -> int:
    """``assert``, ``pytest.raises`` and ``warns``, and calls of ``assert_…`` and ``check_…``."""
    return sum(_asserts(node) for module in modules for node in ast.walk(module))


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return name in ("pytest.raises", "pytest.warns") or name.rpartition(".")[2].startswith(
        ("assert_", "check_")
    )
