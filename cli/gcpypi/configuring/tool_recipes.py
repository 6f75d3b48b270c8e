"""Settings of each tool, as in ``docs/use.md``.

The texts are those of the page, with its example of a URL and a token. A test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

HOST = "packages.example.com"
URL = f"https://{HOST}/simple/"
TOKEN = "gcpypi_…"  # noqa: S105 - a placeholder
VARIABLE = "$GCPYPI_TOKEN"

PIP_CONF = "~/.config/pip/pip.conf"
NETRC = "~/.netrc"
PYPROJECT = "pyproject.toml"
RENOVATE = "renovate.json"


class Tool(StrEnum):
    """Tools with a recipe."""

    PIP = "pip"
    UV = "uv"
    POETRY = "poetry"
    PDM = "pdm"
    PIPX = "pipx"
    DOCKER = "docker"
    NETRC = "netrc"
    RENOVATE = "renovate"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of one tool."""

    section: str
    """Heading in ``docs/use.md``."""
    files: Mapping[str, str]
    """Content by the name of the file; a name after ``~/`` is in the home."""
    commands: tuple[str, ...] = ()
    """Commands for a shell, in addition to the files."""
    is_writable: bool = True
    """True if the files can be merged with existing ones."""

    def fill(self, url: str) -> "Recipe":
        """Return the recipe for an index, with the token as a variable of the shell."""
        files = {name: fill(text, url) for name, text in self.files.items()}
        commands = (use_variable(fill(each, url)) for each in self.commands)
        return replace(self, files=files, commands=tuple(commands))


def fill(text: str, url: str) -> str:
    """Replace the URL and the host of the example.

    :param url: the simple API without credentials.
    """
    parts = urlsplit(url)
    text = text.replace(f"{HOST}/simple/", f"{parts.netloc}{parts.path}")
    text = text.replace(f"https://{HOST}/", f"https://{parts.netloc}/")
    text = text.replace(HOST, parts.hostname or "")
    return text if parts.scheme == "https" else text.replace("https://", f"{parts.scheme}://")


_NETRC = f"machine {HOST} login __token__ password {TOKEN}\n"


def use_variable(command: str) -> str:
    """Replace the token by its variable, unless the command sets the variable."""
    return (
        command if command.endswith(f"{VARIABLE[1:]}={TOKEN}") else command.replace(TOKEN, VARIABLE)
    )


RECIPES: Mapping[Tool, Recipe] = {
    Tool.PIP: Recipe(
        "pip with a configuration file",
        {PIP_CONF: f"[global]\nindex-url = {URL}\n", NETRC: _NETRC},
    ),
    Tool.UV: Recipe(
        "uv",
        {PYPROJECT: f'[[tool.uv.index]]\nname = "gcpypi"\nurl = "{URL}"\ndefault = true\n'},
        (f"export UV_INDEX_GCPYPI_USERNAME=__token__ UV_INDEX_GCPYPI_PASSWORD={TOKEN}",),
    ),
    Tool.POETRY: Recipe(
        "poetry",
        {},
        (
            f"poetry source add --priority=primary gcpypi {URL}",
            "export POETRY_HTTP_BASIC_GCPYPI_USERNAME=__token__ "
            f"POETRY_HTTP_BASIC_GCPYPI_PASSWORD={TOKEN}",
        ),
        is_writable=False,
    ),
    Tool.PDM: Recipe(
        "pdm",
        {
            PYPROJECT: '[[tool.pdm.source]]\nname = "pypi"\n'
            f'url = "https://__token__:${{GCPYPI_TOKEN}}@{HOST}/simple/"\n'
        },
        (f"export GCPYPI_TOKEN={TOKEN}",),
    ),
    Tool.PIPX: Recipe(
        "pipx",
        {},
        (
            f"export PIP_INDEX_URL=https://__token__:{TOKEN}@{HOST}/simple/",
            'export UV_DEFAULT_INDEX="$PIP_INDEX_URL"',
        ),
        is_writable=False,
    ),
    Tool.DOCKER: Recipe(
        "Dockerfile",
        {
            "Dockerfile": f"""\
# syntax=docker/dockerfile:1
FROM python:3.13-slim
RUN --mount=type=secret,id=gcpypi_token \\
    PIP_INDEX_URL="https://__token__:$(cat /run/secrets/gcpypi_token)@{HOST}/simple/" \\
    pip install --no-cache-dir acme-tool
"""
        },
        ("docker build --secret id=gcpypi_token,env=GCPYPI_TOKEN .",),
        is_writable=False,
    ),
    Tool.NETRC: Recipe("pip with a configuration file", {NETRC: _NETRC}),
    Tool.RENOVATE: Recipe(
        "Renovate",
        {
            RENOVATE: f"""\
{{
  "packageRules": [
    {{
      "matchDatasources": ["pypi"],
      "registryUrls": ["{URL}"]
    }}
  ],
  "hostRules": [
    {{
      "hostType": "pypi",
      "matchHost": "https://{HOST}/",
      "username": "__token__",
      "password": "{{{{ secrets.GCPYPI_TOKEN }}}}"
    }}
  ]
}}
"""
        },
    ),
}
