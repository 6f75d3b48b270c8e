"""Order and distribution of the test files (`tests/scheduling.py`)."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from scheduling import SHARED_RUNTIME, SLOW_RINGS, find_scope, sort_slow_first

TESTS = Path(__file__).parents[2]


@dataclass
class Located:
    """Test with a path."""

    path: Path


def test_each_slow_ring_is_a_folder_of_tests() -> None:
    assert [ring for ring in SLOW_RINGS if not any((TESTS / ring).glob("test_*.py"))] == []


def test_slow_rings_come_first_and_the_rest_keeps_its_order() -> None:
    names = ["boundaries/a.py", "chaos/b.py", "unit/x/c.py", "fuzz/d.py", "e2e/e.py", "chaos/a.py"]
    found = sort_slow_first([Located(TESTS / name) for name in names], TESTS)
    assert [str(item.path.relative_to(TESTS)) for item in found] == [
        *("e2e/e.py", "chaos/b.py", "chaos/a.py", "boundaries/a.py"),
        *("unit/x/c.py", "fuzz/d.py"),
    ]


@pytest.mark.parametrize(
    "path", sorted((TESTS / "e2e").glob("test_*.py")), ids=lambda path: path.name
)
def test_the_files_without_a_runtime_of_their_own_share_one_process(path: Path) -> None:
    has_own = re.search(r"^def (runtime|built_in)\(", path.read_text("utf-8"), re.MULTILINE)
    scope = find_scope(f"tests/e2e/{path.name}")
    assert scope == (f"tests/e2e/{path.name}" if has_own else SHARED_RUNTIME)


def test_a_file_outside_of_e2e_is_a_scope() -> None:
    assert find_scope("tests/unit/cli/test_pipeline.py") == "tests/unit/cli/test_pipeline.py"


def test_make_test_ignores_only_folders_whose_files_are_deselected() -> None:
    makefile = (TESTS.parent / "Makefile").read_text("utf-8")
    folders = re.findall(r"--ignore=tests/(\w+)", makefile)
    assert folders == ["browser", "clients"]
    for folder in folders:
        for file in (TESTS / folder).rglob("test_*.py"):
            marks = file.read_text("utf-8").partition("\npytestmark = ")[2].partition("\n\n")[0]
            assert f"pytest.mark.{folder}" in marks, file
