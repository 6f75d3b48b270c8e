"""Table of the publishing tools in docs/publish.md against the expected results."""

import ast
from pathlib import Path

from clients import publishing_matrix

ROOT = Path(__file__).parents[3]


def test_the_table_of_tools_has_the_expected_results() -> None:
    table = publishing_matrix.render_tools(publishing_matrix.expect_cells())
    assert table in (ROOT / "docs/publish.md").read_text("utf-8"), table


def test_the_tools_have_every_test_of_the_table() -> None:
    source = (ROOT / "tests/clients/test_publishing_tools.py").read_text("utf-8")
    there = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    assert publishing_matrix.CASES.keys() - there == set()
