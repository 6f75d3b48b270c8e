"""``gcpypi configure --publish`` with the real tools: ``make test-clients``.

A shell has the files and the commands of the output, and runs the printed command that publishes.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.installers import Missing
from clients.publishing_tools import FLIT, HATCH, PDM, POETRY, TWINE_7, UV, Project, PublishingTool
from documented import checkout
from documented.session import Shell
from e2e.conftest import LocalIndex

pytestmark = pytest.mark.clients

GCPYPI = Path(sys.executable).with_name("gcpypi")
TOOLS = (UV, TWINE_7, POETRY, PDM, HATCH, FLIT)
PYPIRC = ("twine", "flit")
"""Tools with a file in the home."""


@pytest.fixture(scope="session")
def index(built_in: LocalIndex) -> LocalIndex:
    """The runtime, without the samples of the other tests."""
    return built_in


@dataclass(frozen=True)
class Configuration:
    """Output of the command: a file or commands, and messages with the command that publishes."""

    content: str
    messages: list[str]

    @property
    def exports(self) -> list[str]:
        """Commands among the messages."""
        return [line for line in self.messages if line.startswith("export ")]


def configure(index: LocalIndex, name: str, folder: Path) -> Configuration:
    write = ("--write",) if name == "uv" else ()
    done = subprocess.run(
        [str(GCPYPI), "configure", name, "--publish", *write],
        env={**index.environment, "HOME": str(folder), "PATH": os.environ["PATH"]},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return Configuration(done.stdout, done.stderr.splitlines())


def make_environment(index: LocalIndex, tool: PublishingTool, home: Path) -> dict[str, str]:
    programs = tool.installer.find_python().parent
    environment = checkout.make_environment(home)
    return environment | {
        "PATH": f"{programs}:{environment['PATH']}",
        "GCPYPI_TOKEN": index.environment["GCPYPI_TOKEN"],
        "GCPYPI_UPLOAD_TOKEN": index.environment["GCPYPI_UPLOAD_TOKEN"],
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PDM_CHECK_UPDATE": "false",
        "PDM_USE_VENV": "false",
        "SOURCE_DATE_EPOCH": "1700000000",
    }


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.installer.name)
def test_a_tool_publishes_with_its_printed_settings(
    tool: PublishingTool, index: LocalIndex, tmp_path: Path
) -> None:
    try:
        tool.installer.find_python()
    except Missing as missing:
        pytest.skip(str(missing))
    name = tool.installer.name
    project = Project(tmp_path / "project", f"configured_{name}")
    project.write(with_sdist=True)
    home = tmp_path / "home"
    home.mkdir()
    output = configure(index, name, project.root)
    if name in PYPIRC:
        (home / ".pypirc").write_text(output.content, "utf-8")
    commands = output.content.splitlines() if not output.exports else output.exports

    with Shell(project.root, make_environment(index, tool, home), home) as shell:
        for command in (*commands, output.messages[-1]):
            done = shell.run(command)
            assert done.code == 0, f"{command}\n{done.output}"

    names = [path.name for path in project.list_files()]
    assert len(names) == 2
    index.wait_for(project.distribution, *names)
