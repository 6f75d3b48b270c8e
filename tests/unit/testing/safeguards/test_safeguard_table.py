"""The table ``testing/safeguards.toml`` agrees with the code and the tests."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from testing.safeguards.safeguard_table import ROOT, OutdatedRow, Safeguard, read_table

TABLE = read_table()
EACH = pytest.mark.parametrize("safeguard", TABLE.safeguards, ids=lambda each: each.name)


@cache
def list_tests(path: str) -> frozenset[str]:
    """Return the names of the test functions of a module."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(_iterate_tests(tree))


def _iterate_tests(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "test_" in node.name[:5]:
            yield node.name


@EACH
def test_the_old_text_occurs_once_and_the_new_text_is_code(safeguard: Safeguard) -> None:
    text = safeguard.remove(ROOT)
    assert ast.dump(ast.parse(text)) != ast.dump(ast.parse((ROOT / safeguard.file).read_text()))


@EACH
def test_the_named_tests_exist(safeguard: Safeguard) -> None:
    assert safeguard.tests
    for test in safeguard.tests:
        path, _, function = test.partition("::")
        assert function in list_tests(path), f"mend the row {safeguard.name}: {test} is absent"


def test_each_name_occurs_once() -> None:
    assert set(Counter(each.name for each in TABLE.safeguards).values()) == {1}


def test_the_wider_tests_exist() -> None:
    for path in TABLE.wider:
        assert (ROOT / path).is_dir() or list_tests(path), path


def test_the_error_of_an_outdated_row_names_the_row() -> None:
    safeguard = replace(TABLE.safeguards[0], old="no such text")
    with pytest.raises(OutdatedRow) as raised:
        safeguard.remove(ROOT)
    assert str(raised.value) == (
        f"the old text of safeguard {safeguard.name} occurs 0 times in {safeguard.file}: "
        f"mend the row {safeguard.name} of testing/safeguards.toml"
    )
