"""Commands of the documentation for clients, which take minutes: ``make test-clients``.

The tests run the commands of Terraform's output for each installer, and compare other programs in
the documentation with their help.
"""

import re
import subprocess
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clients.installers import Installer, Missing
from documented import checkout, doc_pages
from documented.rules import Check, find_rule
from documented.session import Shell
from e2e.conftest import LocalIndex
from e2e.test_documented_locally import needs_programs, reader, runtime

__all__ = ["reader", "runtime"]

pytestmark = [pytest.mark.clients, needs_programs]

OUTPUTS = (doc_pages.ROOT / "deploy/terraform/outputs.tf").read_text("utf-8")
PROJECT = """
[project]
name = "consumer"
version = "1"
requires-python = ">=3.11"

[tool.pdm]
distribution = false
"""
CLIENTS = {
    "pip": (Installer("pip", "pip"), ""),
    "uv": (Installer("uv", "uv"), "uv add acme"),
    "poetry": (Installer("poetry", "poetry"), "poetry add acme"),
    "pdm": (Installer("pdm", "pdm[locked]"), "pdm add acme"),
}
"""Clients by name in the output of Terraform, with the command after the configuration, if any."""


def read_instructions(client: str, index_url: str) -> str:
    """Return the instructions of Terraform's output for a client, with the local index."""
    block = re.search(rf"^    {client} += <<-EOT\n(.*?)^ +EOT$", OUTPUTS, re.MULTILINE | re.DOTALL)
    assert block
    parts = urlsplit(index_url)
    host = f"{parts.hostname}:{parts.port}"
    text = re.sub(r"^ {6}", "", block[1], flags=re.MULTILINE).replace("$${", "${")
    text = text.replace("${local.index_url}", f"http://{host}/simple/")
    return text.replace("https://", "http://").replace("${local.host}", host)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_installs_as_terraform_says(
    name: str, runtime: LocalIndex, tmp_path: Path
) -> None:
    client, then = CLIENTS[name]
    try:
        program = client.find_python()
    except Missing as missing:
        pytest.skip(str(missing))
    text = read_instructions(name, runtime.index_url).replace("PACKAGE", "--target target acme")
    configuration, commands = "", text
    if "pyproject.toml" in text:
        configuration, _, commands = text.partition("# then: ")
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    (project / "pyproject.toml").write_text(f"{PROJECT}\n{configuration}", "utf-8")
    environment = checkout.make_environment(home) | {
        "GCPYPI_TOKEN": runtime.environment["GCPYPI_TOKEN"],
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "PDM_CHECK_UPDATE": "0",
    }
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"

    with Shell(project, environment, home) as shell:
        for command in (*commands.splitlines(), then):
            done = shell.run(command)
            assert done.code == 0, f"{command}\n{done.output}"

    assert [path.name for path in project.rglob("acme-*.dist-info")] == ["acme-1.0.dist-info"]


def test_programs_that_are_named_have_what_is_said_of_them() -> None:
    uses = [use.command for name in doc_pages.list_pages() for use in doc_pages.list_commands(name)]
    named = {use.words for use in uses if find_rule(use).check is Check.NAMED}
    assert ("wheel", "tags", "--build") in named
    for program, *arguments in named:
        command = takewhile(lambda each: re.fullmatch("[a-z]+", each), arguments)
        path = Installer(program, program).find_python().with_name(program)
        done = subprocess.run([path, *command, "--help"], capture_output=True, text=True)
        flags = {each.partition("=")[0] for each in arguments if each.startswith("-")}
        assert done.returncode == 0, (program, arguments)
        assert flags <= set(re.findall(r"--[a-z-]+", done.stdout)), (program, arguments)
