"""Runner of ``docs/use.md``: it writes the files of a section and types its commands."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clients.installers import Installer, Versions
from clients.use import public_index
from documented import checkout, doc_pages
from documented.session import Shell
from offline_checks import markdown
from offline_checks.markdown import CONSOLE, CodeBlock

PAGE = "docs/use.md"
HOST = "packages.example.com"
"""Host of the index on the page."""
UPSTREAM = "https://index.example/simple/"
"""The public index on the page."""
PROJECT = "acme-tool"
"""Project that the recipes install."""
TOKEN = "gcpypi_…"

_FILE = re.compile(r"^`([~\w./-]+)`(?: \([^)]*\))?:$")
_PROJECT = """\
[project]
name = "consumer"
version = "1"
requires-python = ">=3.11"

[tool.pdm]
distribution = false
"""
_PROGRAMS = {"uv": "uv", "poetry": "poetry", "pdm": "pdm[locked]", "pipx": "pipx"}


def read_sections() -> dict[str, str]:
    """Return the text below each heading, up to the next heading; ``""`` is the introduction."""
    introduction, *rest = re.split(r"^##+ (.+)\n", doc_pages.read_page(PAGE), flags=re.MULTILINE)
    return {"": introduction, **dict(zip(rest[::2], rest[1::2], strict=True))}


def list_blocks(section: str) -> list[CodeBlock]:
    """List the code blocks of a section."""
    return markdown.find_blocks(read_sections()[section])


def find_block(section: str, language: str) -> str:
    """Return the text of the only block of a language in a section."""
    [text] = [each.text for each in list_blocks(section) if each.language == language]
    return text


@dataclass(frozen=True)
class RecipeRunner:
    """Runner with a token, an empty home and a new project."""

    folder: Path
    index_url: str
    """URL of the index, with a token."""
    public_url: str
    wanted: str = PROJECT
    """Project to install in place of the one on the page."""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def follow(self, section: str) -> Versions:
        """Write the files and type the commands of a section; return the installed versions."""
        self.write_files(section)
        steps = markdown.find_steps(read_sections()[section])
        return self.type({each.text: each.output for each in steps if not each.is_mention})

    def write_files(self, section: str) -> None:
        """Write the files of a section, each named by the line before its block."""
        for block in list_blocks(section):
            if block.language != CONSOLE and (named := _FILE.match(block.before)):
                self.write(named[1], block.text)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project or, after ``~/``, of the home."""
        root = self.home if name.startswith("~/") else self.project
        file = root / name.removeprefix("~/")
        file.parent.mkdir(parents=True, exist_ok=True)
        start = _PROJECT if file.name == "pyproject.toml" else ""
        file.write_text(f"{start}{self.fill(text)}", "utf-8")
        file.chmod(0o600)

    def type(self, commands: Mapping[str, str]) -> Versions:
        """Type commands in the project; each must succeed and print the lines of its output.

        :return: the installed versions.
        """
        if not (self.project / "pyproject.toml").exists():
            self.write("pyproject.toml", "")
        self.home.mkdir(exist_ok=True)
        environment = checkout.make_environment(self.home)
        del environment["PIP_CONFIG_FILE"]
        with Shell(self.project, environment | self._make_variables(), self.home) as shell:
            for command, output in commands.items():
                done = shell.run(self.fill(command))
                if done.code or not all(map(done.has_line, output.splitlines())):
                    raise RecipeFailed(f"{command}\n{done.output}")
        return self._read_versions()

    def fill(self, text: str) -> str:
        """Replace hosts and tokens of the page by those of the local indexes, without TLS."""
        parts = urlsplit(self.index_url)
        here = f"{parts.hostname}:{parts.port}"
        text = text.replace(UPSTREAM, self.public_url).replace(TOKEN, str(parts.password))
        text = text.replace(PROJECT, self.wanted)
        text = text.replace(f"machine {HOST}", f"machine {parts.hostname}")
        text = re.sub(rf"https://([^@/\s]*@)?{HOST}", rf"http://\g<1>{here}", text)
        return re.sub(rf'https://([^@"]*"?\)?@){HOST}', rf"http://\g<1>{here}", text)

    def _read_versions(self) -> Versions:
        """Return the installed versions of private and public projects."""
        names = {path.stem for path in self.folder.rglob("*.dist-info")}
        pairs = [name.split("-") for name in names]
        return {name: version for name, version in pairs if name.startswith(("acme_", "pub_"))}

    def _make_variables(self) -> dict[str, str]:
        folders = [Installer(name, what).find_python().parent for name, what in _PROGRAMS.items()]
        return {
            "PATH": os.pathsep.join([f"{self.home}/bin", *map(str, folders), os.environ["PATH"]]),
            "NO_PROXY": f"127.0.0.1,{public_index.HOST}",
            "no_proxy": f"127.0.0.1,{public_index.HOST}",
            # Only the recipe configures pip, not the machine.
            "XDG_CONFIG_DIRS": str(self.home),
            "PIP_TARGET": str(self.project / "target"),
            "UV_PYTHON": sys.executable,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
            "PDM_CHECK_UPDATE": "0",
            "PIPX_DEFAULT_BACKEND": "uv",
        }


class RecipeFailed(Exception):
    """A command of the page failed, or printed something else."""
