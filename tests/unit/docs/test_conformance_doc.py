"""Items, tests and table of clients in docs/conformance.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import matrix

pytestmark = pytest.mark.any_python("compares a page with the tests")

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/conformance.md").read_text("utf-8")
TESTS = ROOT / "tests"
SECTIONS = {
    "A": range(1, 12),
    "B": range(12, 19),
    "C": range(19, 29),
    "D": range(29, 43),
    "E": range(43, 53),
    "F": range(53, 59),
    "G": range(59, 67),
}


def split_items(text: str) -> dict[int, str]:
    """Return the text of each item, by number."""
    _, *pairs = re.split(r"^\*\*(\d+)\.\*\* ", text, flags=re.MULTILINE)
    return dict(zip(map(int, pairs[::2]), pairs[1::2], strict=True))


def find_tests(text: str) -> set[str]:
    """Return the tests that a text names, as ``file::test``."""
    return set(re.findall(r"^- `(\S+::\w+)`$", text, re.MULTILINE))


def list_tests(file: Path) -> set[str]:
    found = re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text("utf-8"), re.MULTILINE)
    return {f"{file.relative_to(TESTS)}::{name}" for name in found}


def list_marks(file: Path) -> Iterator[tuple[int, str]]:
    """Yield each item of ``@pytest.mark.conformance(…)`` with its test."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for marker in node.decorator_list:
                if ast.unparse(marker).startswith("pytest.mark.conformance"):
                    assert isinstance(marker, ast.Call)
                    for number in map(ast.literal_eval, marker.args):
                        yield number, f"{file.relative_to(TESTS)}::{node.name}"


def test_every_item_is_listed_once_in_its_section() -> None:
    _, *pairs = re.split(r"^## ([A-G])\. ", PAGE, flags=re.MULTILINE)
    listed = {
        section: [int(n) for n in re.findall(r"^\*\*(\d+)\.\*\*", text, re.MULTILINE)]
        for section, text in zip(pairs[::2], pairs[1::2], strict=True)
    }
    assert listed == {section: list(wanted) for section, wanted in SECTIONS.items()}


def test_every_item_has_a_test_or_a_reason() -> None:
    without = {
        n
        for n, text in split_items(PAGE).items()
        if not find_tests(text) and "- none: " not in text
    }
    assert without == set()


def test_every_test_that_is_named_exists() -> None:
    files = {TESTS / test.partition("::")[0] for test in find_tests(PAGE)}
    there = {test for file in files if file.exists() for test in list_tests(file)}
    assert find_tests(PAGE) - there == set()


def test_the_table_of_clients_has_the_expected_results() -> None:
    assert matrix.render_table(matrix.expect_cells()) in PAGE, matrix.render_table(
        matrix.expect_cells()
    )


def test_the_clients_have_every_test_of_the_table() -> None:
    files = (TESTS / "clients").glob("test_*.py")
    there = {test.partition("::")[2] for file in files for test in list_tests(file)}
    assert matrix.CASES.keys() - there == set()


def test_a_test_that_is_marked_with_an_item_is_named_there() -> None:
    marked = {pair for file in TESTS.rglob("test_*.py") for pair in list_marks(file)}
    assert marked
    assert (
        marked - {(n, test) for n, text in split_items(PAGE).items() for test in find_tests(text)}
        == set()
    )
