"""What builds the images is pinned as it is for everybody else."""

from pathlib import Path

REQUIREMENTS = Path(__file__).parents[3] / "requirements"


def pins(name: str) -> dict[str, frozenset[str]]:
    """The hashes by requirement; what a package is needed by is left out."""
    found: dict[str, set[str]] = {}
    hashes: set[str] = set()
    for line in (REQUIREMENTS / name).read_text("utf-8").splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            hashes = found.setdefault(line.split()[0], set())
        elif "--hash=" in line:
            hashes.add(line.strip(" \\"))
    return {requirement: frozenset(each) for requirement, each in found.items()}


def test_what_builds_the_images_is_pinned_as_for_development() -> None:
    everything, build = pins("dev.txt"), pins("build.txt")

    assert any(requirement.startswith("hatchling==") for requirement in build)
    assert build.items() <= everything.items()
