"""Numbers of tests and assertions."""

import ast
import re
import subprocess
import sys

from testing.structure.source_code import ROOT

FOLDERS = ("tests", "testing")
"""The tests and their equipment."""


def parse_tests() -> list[ast.Module]:
    """Parse the modules of the tests and of their equipment."""
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    return [ast.parse(file.read_text("utf-8")) for file in files]


def count_functions(modules: list[ast.Module]) -> int:
    """Count the functions named ``test_…``; sets of parameters do not matter."""
    return sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for module in modules
        for node in ast.walk(module)
    )


def count_node_ids() -> int:
    """Count the tests that pytest collects, one for each set of parameters."""
    # The empty expression selects also the tests that ``addopts`` deselects.
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-m", ""]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (count,) = re.findall(r"^(\d+) tests collected", done.stdout, re.MULTILINE)
    return int(count)


def count_assertions(modules: list[ast.Module]) -> int:
    """Count assertions.

    These are ``assert``, ``pytest.raises``, ``pytest.warns``, and calls of ``assert_…`` and
    ``check_…``.
    """
    return sum(_is_assertion(node) for module in modules for node in ast.walk(module))


def _is_assertion(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return name in ("pytest.raises", "pytest.warns") or name.rpartition(".")[2].startswith(
        ("assert_", "check_")
    )
