"""Trusted publishing with the newest uv and pdm: ``make test-clients``.

The upload service has TLS with an authority of the test, and the runner of the CI is simulated.
"""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from clients.publishing_tools import PDM, UV, Project, PublishingTool
from e2e.ci_runner import CLAIMS, Runner, identities, runner

__all__ = ["identities", "runner"]

pytestmark = pytest.mark.clients

OTHER = {**CLAIMS, "environment": "test"}


def publish_by_uv(
    runner: Runner, project: Project, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    program = UV.installer.find_python().with_name("uv")
    command = [program, "publish", "--publish-url", runner.publish_url, *project.list_files()]
    return runner.run(command, project.root, **variables)


def publish_by_pdm(
    runner: Runner, project: Project, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    settings = {
        "PDM_PUBLISH_REPO": runner.publish_url,
        "PDM_PUBLISH_CA_CERTS": str(runner.issuer.files.authority),
        "PDM_CHECK_UPDATE": "false",
        "PDM_USE_VENV": "false",
        "COLUMNS": "1000",
    }
    program = PDM.installer.find_python().with_name("pdm")
    command = [program, "publish", "-vv", "--no-build"]
    return runner.run(command, project.root, **settings, **variables)


Publish = Callable[[Runner, Project, Mapping[str, str]], subprocess.CompletedProcess[str]]
CASES = pytest.mark.parametrize(
    ("tool", "publish"),
    [
        pytest.param(UV, publish_by_uv, id="uv"),
        pytest.param(PDM, publish_by_pdm, id="pdm"),
    ],
)


def create_project(folder: Path, tool: PublishingTool, case: str) -> Project:
    project = Project(folder / "project", f"acme_{tool.installer.name}_{case}")
    project.write(with_sdist=True)
    return project


def wait_for_files(runner: Runner, project: Project) -> None:
    """Wait until the index lists all files: the service answers after 8 s in any case."""
    names = [path.name for path in project.list_files()]
    assert len(names) == 2
    runner.index.wait_for(project.distribution, *names)


@CASES
def test_a_job_in_github_publishes_and_repeats_without_a_secret(
    tool: PublishingTool, publish: Publish, runner: Runner, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "github")
    for _ in range(2):
        done = publish(runner, project, runner.make_github_variables())
        assert done.returncode == 0, done.stdout + done.stderr
    wait_for_files(runner, project)


@CASES
def test_a_job_in_gitlab_publishes_all_files_with_its_one_id_token(
    tool: PublishingTool, publish: Publish, runner: Runner, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "gitlab")
    variables = runner.make_gitlab_variables(runner.sign(aud=runner.publish_url))
    done = publish(runner, project, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for_files(runner, project)


@CASES
def test_a_job_of_another_environment_publishes_nothing(
    tool: PublishingTool, publish: Publish, runner: Runner, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "other")
    variables = runner.make_gitlab_variables(runner.sign(**OTHER, aud=runner.publish_url))
    done = publish(runner, project, variables)
    assert done.returncode != 0
    # pdm does not print the answer of the service.
    expected = "invalid-publisher" if tool is UV else "Failed to get PyPI token via OIDC"
    assert expected in done.stdout + done.stderr
    assert runner.index.list_filenames(project.distribution) == set()


def test_the_newest_uv_has_no_direct_publication() -> None:
    assert UV.installer.lacks(("publish", "--help"), "--direct"), "run test_uv_direct.py with it"
    assert not UV.installer.lacks(("publish", "--help"), "--trusted-publishing")
