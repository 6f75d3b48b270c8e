"""Marker ``any_python``: tests without code of gcpypi, which one Python version runs."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARKED = sorted(
    path
    for path in (ROOT / "tests").rglob("test_*.py")
    if "pytest.mark.any_python(" in path.read_text("utf-8") and path != Path(__file__)
)
PACKAGES = {
    *("schemas", "checks", "chassis", "cloud", "access", "ingest", "indexer", "publisher"),
    *("proxy", "upload", "gcpypi", "local", "benchmarks"),
}
"""Packages of the product, and programs that use them."""


@pytest.mark.parametrize("path", MARKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_marked_test_imports_and_starts_no_package_of_the_product(path: Path) -> None:
    imports = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imports |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imports.add((node.module or "").partition(".")[0])
    assert imports.isdisjoint(PACKAGES)
    assert "sys" not in imports  # sys.executable starts Python


def test_other_python_versions_leave_out_only_the_marked_tests() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    default = options["ini_options"]["addopts"][-1]
    [selection] = re.findall(r'\$\(PYTEST\) -m "(.+)"', (ROOT / "Makefile").read_text("utf-8"))
    assert selection == f"{default} and not ($(FIRST_ONLY))"  # boundaries/test_first_python.py


def test_the_scripts_of_an_installation_are_marked() -> None:
    assert ROOT / "tests/unit/deploy/test_scripts_dry_run.py" in MARKED
