"""Pins of the build requirements of the images."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.any_python("compares pages with files")

REQUIREMENTS = Path(__file__).parents[3] / "requirements"


def read_pins(name: str) -> dict[str, frozenset[str]]:
    """Return the hashes by requirement, without the comments about dependents."""
    found: dict[str, set[str]] = {}
    hashes: set[str] = set()
    for line in (REQUIREMENTS / name).read_text("utf-8").splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            hashes = found.setdefault(line.split()[0], set())
        elif "--hash=" in line:
            hashes.add(line.strip(" \\"))
    return {requirement: frozenset(each) for requirement, each in found.items()}


def test_build_requirements_have_the_pins_of_development() -> None:
    everything, build = read_pins("dev.txt"), read_pins("build.txt")

    assert any(requirement.startswith("hatchling==") for requirement in build)
    assert build.items() <= everything.items()
