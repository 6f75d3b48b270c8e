"""Measurements of ``make structure``."""

import ast
from pathlib import Path

import pytest

from testing.structure.entered_modules import trace_requests
from testing.structure.source_code import (
    ROOT,
    Module,
    Package,
    find_import_cycles,
    find_packages,
    find_percentile,
)
from testing.structure.suite import count_assertions, count_functions

SOURCE = '''
def one():
    """Do one thing.

    In detail.
    """
    return 1


@property
async def two(
    a,
):
    pass
'''


def make_module(directory: Path, name: str, text: str) -> Module:
    path = directory / f"{name}.py"
    path.write_text(text)
    return Module(f"acme.{name}", path)


def test_a_function_is_as_long_as_its_signature_and_body(tmp_path: Path) -> None:
    assert list(make_module(tmp_path, "a", SOURCE).function_lengths()) == [2, 4]


@pytest.mark.parametrize(
    ("back", "cycles"),
    [
        ("import os", []),
        ("from acme import a", [["acme.a", "acme.b", "acme.c"]]),
        ("def late():\n    from acme.a import x", [["acme.a", "acme.b", "acme.c"]]),
        ("if TYPE_CHECKING:\n    from acme.a import x", []),
    ],
)
def test_a_cycle_is_found_wherever_it_is_closed(
    tmp_path: Path, back: str, cycles: list[list[str]]
) -> None:
    texts = {"a": "import acme.b", "b": "from acme.c import x", "c": back, "d": "import acme.a"}
    assert find_import_cycles([make_module(tmp_path, *each) for each in texts.items()]) == cycles


def test_nine_values_in_ten_are_no_larger_than_the_percentile() -> None:
    assert find_percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9) == 9


def test_the_packages_are_those_of_the_product() -> None:
    found = {package.name: package for package in find_packages()}
    assert {"schemas", "cloud", "indexer", "local"} <= found.keys()
    assert "testing" not in found
    assert Module("indexer", ROOT / "services/indexer/indexer/__init__.py") in (
        found["indexer"].modules
    )


def test_a_request_enters_the_modules_of_its_service() -> None:
    entered = trace_requests(find_packages())
    assert "proxy.index.handlers" in entered["warm page"]
    for service in ("ingest", "indexer", "publisher"):
        assert f"{service}.app" in entered[service]
        assert not any(name.startswith("proxy") for name in entered[service])


def test_the_fullest_folder_is_that_with_most_modules() -> None:
    files = [
        "acme/__init__.py",
        "acme/a.py",
        "acme/sub/__init__.py",
        "acme/sub/b.py",
        "acme/sub/c.py",
    ]
    package = Package("acme", tuple(Module(file, ROOT / file) for file in files))
    assert package.fullest_folder() == (2, "acme/sub")


def test_assertions_and_tests_are_counted() -> None:
    source = (
        "def test_a():\n    assert 1\n    with pytest.raises(E):\n        check_it()\n        f()"
    )
    modules = [ast.parse(source)]
    assert (count_functions(modules), count_assertions(modules)) == (1, 3)
