"""Commands of docs/upgrade.md that change the checkout, in a scratch repository."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from documented import doc_pages
from testing.compatibility.history import read_releases

pytestmark = pytest.mark.any_python("git and bash run the commands of the page")

PAGE = "docs/upgrade.md"
STEPS = [step.text for step in doc_pages.list_steps(PAGE)]
IDENTITY = {
    f"GIT_{role}_{part}": "test@example.com"
    for role in ("AUTHOR", "COMMITTER")
    for part in ("NAME", "EMAIL")
}


def run_git(folder: Path, *words: str) -> str:
    """Run git without the configuration of this machine."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **IDENTITY, **alone},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "version").write_text(text)
    run_git(folder, "add", "version")
    run_git(folder, "commit", "--quiet", "--message", text)
    return run_git(folder, "rev-parse", "HEAD")


def test_the_page_fetches_the_newest_commit_and_checks_out_an_older_one(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    run_git(origin, "init", "--quiet")
    older = commit(origin, "older")
    run_git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    commit(origin, "newer")
    pull, checkout = (step.split() for step in STEPS if step.startswith("git "))

    run_git(clone, *pull[1:])
    assert (clone / "version").read_text() == "newer"
    run_git(clone, checkout[1], older[: len(checkout[2])])
    assert (clone / "version").read_text() == "older"


def test_the_page_names_the_commit_of_the_release_before_the_new_settings() -> None:
    [named] = [step.split()[2] for step in STEPS if step.startswith("git checkout")]
    [release] = [release for release in read_releases() if "GCP_PROJECT" in release.settings]
    assert (release.commit or "").startswith(named)
    text = doc_pages.read_page(PAGE)
    assert re.search(rf"Images of {re.escape(release.version)} do not start", text)
    for new, old in release.settings.items():
        assert re.search(rf"`{new}`\s+was\s+`{old}`", text)
