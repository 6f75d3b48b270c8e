"""Tests that ``.ci/run`` leaves out on its second Python (`tests/first_python.py`)."""

import re
import tomllib
from pathlib import Path, PurePath

import pytest

from first_python import FIRST_PYTHON, find_reason

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
EQUIPMENT = {"testing"}
"""Package that no image installs and no user runs."""


def list_packages() -> set[str]:
    """Return the packages of the images and of the command, by the import linter."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = set(project["tool"]["importlinter"]["root_packages"]) - EQUIPMENT
    return {"cli" if each == "gcpypi" else each for each in packages}


@pytest.mark.parametrize("place", FIRST_PYTHON)
def test_each_place_has_tests_and_a_reason(place: str) -> None:
    path = TESTS / place
    assert path.is_file() or any(path.rglob("test_*.py"))
    assert FIRST_PYTHON[place].split()[0].endswith("s")  # a verb


@pytest.mark.parametrize("package", sorted(list_packages()))
def test_the_tests_of_a_package_run_on_each_python(package: str) -> None:
    files = list((TESTS / "unit" / package).rglob("test_*.py"))
    assert files
    assert [file for file in files if find_reason(file.relative_to(TESTS))] == []


@pytest.mark.parametrize("ring", ["boundaries", "chaos/shutdown", "contract", "fuzz"])
def test_these_rings_run_on_each_python(ring: str) -> None:
    files = list((TESTS / ring).rglob("test_*.py"))
    assert files
    assert [file for file in files if find_reason(file.relative_to(TESTS))] == []


def test_only_the_commands_of_the_documentation_leave_out_the_local_index() -> None:
    found = [find_reason(path.relative_to(TESTS)) for path in (TESTS / "e2e").glob("test_*.py")]
    assert [reason for reason in found if reason] == [
        FIRST_PYTHON["e2e/test_documented_locally.py"]
    ]


def test_a_reason_is_that_of_the_file_or_of_a_folder_above() -> None:
    assert find_reason(PurePath("unit/docs/test_cost.py")) == FIRST_PYTHON["unit/docs"]
    assert find_reason(PurePath("unit/docs_of_others/test_cost.py")) is None
    assert find_reason(PurePath("chaos/test_proxy.py")) is None


def test_the_marker_selects_the_tests_of_the_table(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        marker = item.get_closest_marker("first_python")
        reason = find_reason(item.path.relative_to(TESTS))
        assert (marker.args if marker else ()) == ((reason,) if reason else ())


def test_ci_leaves_out_two_markers_on_its_second_python_and_make_only_one() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert re.findall(r'FIRST_ONLY="(.+)"', script) == ["any_python or first_python"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.findall(r"^FIRST_ONLY \?= (.+)$", makefile, re.MULTILINE) == ["any_python"]
