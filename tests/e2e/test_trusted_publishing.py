"""Trusted publishing with uv, from a simulated runner of GitHub and of GitLab, and a command."""

import os
import subprocess
import sys
from pathlib import Path

from e2e.ci_runner import CLAIMS, TOKEN, Runner, identities, runner
from testing.fakes.small_wheels import build_wheel, wheel_filename

__all__ = ["identities", "runner"]

UV = Path(sys.executable).with_name("uv")
GCPYPI = Path(sys.executable).with_name("gcpypi")


def build(runner: Runner, project: str) -> Path:
    path = runner.folder / wheel_filename(project)
    path.write_bytes(build_wheel(project))
    return path


def publish(runner: Runner, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [UV, "publish", "--publish-url", runner.publish_url, path]
    return runner.run(command, path.parent, **variables)


def publish_in_github(runner: Runner, path: Path) -> subprocess.CompletedProcess[str]:
    return publish(runner, path, **runner.make_github_variables())


def test_uv_publishes_from_github_without_a_secret_and_uv_installs(
    runner: Runner, tmp_path: Path
) -> None:
    done = publish_in_github(runner, build(runner, "acme_github"))
    assert done.returncode == 0, done.stderr

    target = tmp_path / "installed"
    index = ("--no-config", "--index-url", runner.index.index_url)
    command = [str(UV), "pip", "install", "--target", str(target), *index, "acme-github"]
    subprocess.run(command, check=True, timeout=600)
    assert (target / "acme_github.py").read_bytes() == b"VERSION = 1\n"


def test_each_run_of_uv_in_github_has_its_own_id_token(runner: Runner) -> None:
    path = build(runner, "acme_again")
    for _ in range(2):
        done = publish_in_github(runner, path)
        assert done.returncode == 0, done.stderr


def test_uv_shows_the_refusal_of_another_repository(runner: Runner) -> None:
    """A pull request of a fork has the ids of the repository, but not the environment."""
    path = build(runner, "acme_fork")
    try:
        for claims in ({**CLAIMS, "repository_id": "43"}, {**CLAIMS, "environment": None}):
            runner.claims = claims
            done = publish_in_github(runner, path)
            assert done.returncode != 0
            assert "invalid-publisher" in done.stderr
            assert "no identity of this index has the claims" in done.stderr
    finally:
        runner.claims = CLAIMS


def test_uv_shows_the_refusal_of_another_project(runner: Runner) -> None:
    done = publish_in_github(runner, build(runner, "other"))
    assert done.returncode != 0
    assert "not-allowed" in done.stderr


def test_an_id_token_of_a_job_in_gitlab_publishes_once(runner: Runner) -> None:
    path = build(runner, "acme_gitlab")
    variables = runner.make_gitlab_variables(runner.sign(aud=runner.publish_url))
    done = publish(runner, path, **variables)
    assert done.returncode == 0, done.stderr

    again = publish(runner, path, **variables)
    assert again.returncode != 0
    assert "invalid-reuse-token" in again.stderr


def test_a_holder_yanks_without_credentials_of_google(runner: Runner) -> None:
    """The command passes through the upload service, ingest, indexer and publisher."""
    path = build(runner, "acme_yank")
    assert publish_in_github(runner, path).returncode == 0
    runner.index.wait_for("acme-yank", path.name)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(runner.folder),
        "NO_GCE_CHECK": "true",
        "GCPYPI_INDEX_URL": runner.index.index_url,
        "GCPYPI_UPLOAD_URL": runner.plain_url,
        "GCPYPI_UPLOAD_TOKEN": TOKEN,
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(GCPYPI), *words, "--timeout", "60"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)

    done = run("yank", "acme-yank", "1.0", "--reason", "broken")
    assert (done.returncode, done.stdout) == (0, f"acme-yank 1.0 is yanked: {path.name}\n")
    done = run("unyank", "acme-yank", "1.0")
    assert (done.returncode, done.stdout) == (0, f"acme-yank 1.0 is not yanked: {path.name}\n")
    denied = run("remove", "acme-yank", "1.0", "--yes")
    assert denied.returncode == 1
    assert "may not give the command remove" in denied.stderr
