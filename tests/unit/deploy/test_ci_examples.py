"""Examples for CI: the identity that publishes runs no unpinned code."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements/cli.txt"
EXAMPLES = ("cloudbuild.yaml", "github-actions.yml", "gitlab-ci.yml")
PINNED = re.compile(
    r"pip install --quiet --only-binary :all: --require-hashes -r \S+/gcpypi/requirements\.txt"
    r"|pip install --quiet --no-index --no-deps \S+/\*\.whl"
    r"|pip download --quiet --no-deps --dest \S+ --index-url \"https://__token__:"
)
"""Uses of pip that take known bytes, or our own packages from our own index."""


def read_publishing_part(name: str) -> str:
    """Return the last job or step, which publishes."""
    text = (ROOT / "examples" / name).read_text("utf-8")
    part = re.split(r"^(?:  )?(?:- id: )?publish:?$", text, flags=re.MULTILINE)[-1]
    assert "gcpypi publish" in part
    return part


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_publishing_job_installs_known_bytes_only(name: str) -> None:
    part = read_publishing_part(name)

    uses = re.findall(r"\bpip .*", part)
    assert [use for use in uses if not PINNED.match(use)] == []
    assert len(uses) == 3
    assert "python -m build" not in part


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*.y*ml")), ids=lambda path: path.name)
def test_no_command_in_one_line_is_a_mapping_of_yaml(path: Path) -> None:
    """``: `` in a plain scalar makes a mapping, or an error, of the command."""
    plain = re.findall(r"^ *- (?:run: )?((?:pip|uv|gcpypi|gcloud) .*)$", path.read_text(), re.M)
    assert [command for command in plain if ": " in command] == []


def test_cloud_build_has_no_step_but_the_publishing_one() -> None:
    """All its steps have the identity of the uploader."""
    text = (ROOT / "examples/cloudbuild.yaml").read_text("utf-8")
    assert re.findall(r"^  - id: (.*)$", text, flags=re.MULTILINE) == ["publish"]


def test_the_wheel_of_the_command_has_its_pinned_dependencies(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(ROOT / "cli")], check=True)

    [wheel] = tmp_path.glob("gcpypi-[0-9]*.whl")
    with zipfile.ZipFile(wheel) as archive:
        pinned = archive.read("gcpypi/requirements.txt")

    assert pinned == LOCK.read_bytes()
    names = re.findall(r"^([a-z0-9._-]+)==", pinned.decode(), flags=re.MULTILINE)
    assert {"typer", "rich", "pydantic", "requests"} <= set(names)
    assert pinned.count(b"--hash=sha256:") >= len(names)
