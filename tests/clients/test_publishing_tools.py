"""Publishing tools against the upload service of the local runtime: ``make test-clients``."""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clients import publishing_matrix
from clients.installers import Installer, Missing
from clients.publishing_tools import TOOLS, UV, Project, PublishingTool, PublishTarget
from cloud import secrets
from e2e.conftest import LocalIndex

pytestmark = pytest.mark.clients

REFRESH = 90.0
"""Timeout in seconds for the upload service to read a new token."""
LARGE = 300 * 1024 * 1024
LIMITED = "gcpypi_limited"
"""Publishing token for the projects ``other-*``."""


@pytest.fixture(scope="session")
def index(built_in: LocalIndex) -> LocalIndex:
    """The runtime, without the samples of the other tests."""
    return built_in


@pytest.fixture(params=TOOLS, ids=lambda tool: tool.requirement)
def tool(request: pytest.FixtureRequest) -> PublishingTool:
    """Each tool in turn; skip or expect failure for a known limitation."""
    found: PublishingTool = request.param
    try:
        found.installer.find_python()
    except Missing as missing:
        pytest.skip(str(missing))
    case = publishing_matrix.CASES.get(request.node.originalname, "")
    if cannot := publishing_matrix.CANNOT.get((found.requirement, case)):
        if cannot.ask:
            assert found.installer.lacks(cannot.ask, cannot.word), (
                f"{found.requirement} has {cannot.word} now: remove the entry of CANNOT"
            )
            pytest.skip(cannot.reason)
        request.applymarker(pytest.mark.xfail(reason=cannot.reason, strict=True))
    return found


@pytest.fixture
def target(index: LocalIndex) -> PublishTarget:
    environment = index.environment
    url, token = environment["GCPYPI_UPLOAD_URL"], environment["GCPYPI_UPLOAD_TOKEN"]
    return PublishTarget(url, token, index.index_url)


def create_project(folder: Path, tool: PublishingTool, case: str, **facts: str | bytes) -> Project:
    """Return a project with a name of its own."""
    name = f"{tool.installer.name}{tool.requirement.count('=')}_{case}"
    return Project(folder / "project", name, **facts)  # type: ignore[arg-type]


def is_listed(index: LocalIndex, project: Project, *suffixes: str) -> bool:
    """Return whether the page lists exactly one file with each suffix."""
    found = index.list_filenames(project.distribution)
    wanted = {".tar.gz" if name.endswith(".gz") else Path(name).suffix for name in found}
    return len(found) == len(suffixes) and wanted == set(suffixes)


def require_success(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout


def require_failure(done: subprocess.CompletedProcess[str], *texts: str) -> None:
    """Check that the tool failed and that its output has one of the texts."""
    assert done.returncode != 0, done.stdout
    assert any(text in done.stdout for text in texts), done.stdout


def test_a_new_file_is_installable_when_the_tool_ends(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "new")
    project.write()
    require_success(tool.publish(project, target))
    assert is_listed(index, project, ".whl")


def test_the_same_file_again_is_no_error(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "again")
    project.write()
    require_success(tool.publish(project, target))
    require_success(tool.publish(project, target))
    assert is_listed(index, project, ".whl")


def test_other_bytes_are_a_conflict(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "other")
    project.write()
    require_success(tool.publish(project, target))
    project.write(number=2)
    require_failure(tool.publish(project, target), "already exists", "409")


def test_a_refused_file_has_its_reason_in_the_output(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    requires = "acme @ https://packages.example/acme-1.0.tar.gz"
    project = create_project(tmp_path, tool, "refused", requires=requires)
    project.write()
    require_failure(tool.publish(project, target), "direct-url")
    assert is_listed(index, project)


def test_a_wrong_password_publishes_nothing(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "password")
    project.write()
    wrong = PublishTarget(target.url, "gcpypi_wrong", target.index_url)
    require_failure(tool.publish(project, wrong), "unauthorized", "401")
    assert is_listed(index, project)


@pytest.fixture(scope="session")
def limited(index: LocalIndex) -> str:
    """Publishing token for other projects, known to the upload service."""
    environment = index.environment
    client = secrets.connect(environment["SECRET_MANAGER_EMULATOR_HOST"])
    secret = secrets.Secret(client, environment["CLOUDSDK_CORE_PROJECT"], "gcpypi-uploaders")
    document: dict[str, list[Mapping[str, object]]] = json.loads(secret.access_latest().data)
    entry = {
        "name": "limited",
        "sha256": hashlib.sha256(LIMITED.encode()).hexdigest(),
        "scopes": ["publish"],
        "projects": ["other-*"],
        "uploader": "dev",
        "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    document["tokens"] = [*document["tokens"], entry]
    secret.add(json.dumps(document).encode())
    return LIMITED


def test_a_token_of_another_project_publishes_nothing(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, limited: str, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "scope")
    project.write()
    narrow = PublishTarget(target.url, limited, target.index_url)
    deadline = time.monotonic() + REFRESH
    done = tool.publish(project, narrow)
    while "401" in done.stdout and time.monotonic() < deadline:
        time.sleep(1)  # the service has not read the new token yet
        done = tool.publish(project, narrow)
    require_failure(done, "not-allowed", "403")
    assert is_listed(index, project)


def test_a_wheel_and_an_sdist_are_published_together(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "both")
    project.write(with_sdist=True)
    require_success(tool.publish(project, target))
    assert is_listed(index, project, ".whl", ".tar.gz")


def test_a_wheel_of_300_mib_is_published(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "large", payload=os.urandom(LARGE))
    project.write()
    require_success(tool.publish(project, target))
    index.wait_for(project.distribution, f"{project.name}-1.0-py3-none-any.whl")


def test_a_readme_of_500_kb_is_published(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "readme", readme="A long README.\n" * 34_000)
    project.write()
    require_success(tool.publish(project, target))
    assert is_listed(index, project, ".whl")


def test_an_existing_file_is_skipped(
    tool: PublishingTool, index: LocalIndex, target: PublishTarget, tmp_path: Path
) -> None:
    project = create_project(tmp_path, tool, "skip")
    project.write()
    require_success(tool.publish(project, target))
    # uv compares the bytes with those of the page; the others skip a file with this name.
    project.write(number=1 if tool is UV else 2)
    require_success(tool.publish(project, target, skip=True))
    assert is_listed(index, project, ".whl")


def test_the_newest_setuptools_has_no_command_that_publishes(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("import setuptools\n\nsetuptools.setup()\n")
    python = Installer("setuptools", "setuptools").find_python()
    command = [str(python), "setup.py", "--help-commands"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert " sdist " in done.stdout
    assert " upload " not in done.stdout
