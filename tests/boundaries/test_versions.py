"""One version of the distributions, the images, the installation and the changelog."""

import re
import subprocess
import tomllib
from pathlib import Path

from schemas import __version__

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_distribution_has_the_version() -> None:
    paths = [
        ROOT / "pyproject.toml",
        *ROOT.glob("[a-z]*/pyproject.toml"),
        *ROOT.glob("services/*/pyproject.toml"),
    ]
    versions = {
        str(path.relative_to(ROOT)): tomllib.loads(path.read_text("utf-8"))["project"]["version"]
        for path in paths
    }

    assert "schemas/pyproject.toml" in versions
    assert versions == dict.fromkeys(versions, __version__)


def test_the_changelog_begins_with_the_version_and_its_date() -> None:
    headings = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    newest, *older = [heading for heading in headings if heading != "Unreleased"]

    assert re.fullmatch(rf"{re.escape(__version__)} \(\d{{4}}-\d\d-\d\d\)", newest)
    assert older


def test_the_images_have_the_version_as_a_label() -> None:
    labels = re.findall(r"org\.opencontainers\.image\.version=(\S+)", read("Dockerfile"))

    assert labels == [__version__]


def test_the_installation_prints_the_version_and_tags_the_images_with_it() -> None:
    done = subprocess.run(
        [
            ROOT / "deploy/install",
            "--project",
            "my-packages",
            "--region",
            "europe-west1",
            "--dry-run",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"# gcpypi {__version__}\n" in done.stdout
    tags = set(re.findall(r"\btag=(\S+)", done.stdout))
    assert len(tags) == 1
    assert tags.pop().startswith(f"{__version__}-")
