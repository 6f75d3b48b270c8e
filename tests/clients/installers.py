"""The clients people install with, each in an environment of its own, kept for the next time.

An environment is made on the fly under ``.local/clients`` of the checkout, from the machine's usual
package index; what is then installed into it comes from the index under test, and nowhere else.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CACHE = Path(__file__).parents[2] / ".local" / "clients"
_MINE = ("PIP_", "UV_", "POETRY_", "PDM_", "PYTHON", "VIRTUAL_ENV")
"""What the machine's own settings begin with: a client must not look elsewhere."""

Versions = dict[str, str]
Command = list[str | Path]


class Missing(Exception):
    """The client cannot be had on this machine."""


@dataclass(frozen=True)
class Installer:
    """One client at one version."""

    name: str
    requirement: str
    python: str = ""
    """The Python it needs, as ``3.9``; empty: the one that runs the tests."""

    def executable(self) -> Path:
        """The client's own Python, its environment made if need be.

        :raises Missing: if its Python is not here, or it cannot be installed.
        """
        directory = CACHE / f"{self.requirement}-py{self.python or sys.version_info.minor}"
        python = directory / "bin" / "python"
        done = directory / "complete"
        if not done.exists():
            _run([_python(self.python), "-m", "venv", "--clear", directory])
            install: Command = [python, "-m", "pip", "install", "--quiet", "--upgrade"]
            _run([*install, "--disable-pip-version-check", self.requirement])
            done.touch()
        return python

    def install(
        self, where: Path, url: str, *words: str, cache: Path | None = None
    ) -> Versions | None:
        """Install into ``where``; return what was installed, or None if the client gave up.

        :param words: the requirement, and before it further options, where the client has them.
        :param cache: where it keeps what it downloaded; None: it keeps nothing.
        """
        program = self.executable()
        commands, environment = _COMMANDS[self.name](program, where, url, words, cache)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_MINE)}
        inherited |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **environment}
        for command in commands:
            done = subprocess.run(
                [str(part) for part in command],
                cwd=where,
                env=inherited,
                capture_output=True,
                text=True,
                timeout=300,
            )
            with (where / "said.txt").open("a") as said:
                said.write(f"$ {command}\n{done.stdout}{done.stderr}\n")
            if done.returncode:
                return None
        return _installed(where)


def _installed(where: Path) -> Versions:
    directories = (path.stem.split("-") for path in where.rglob("*.dist-info"))
    return {name: version for name, version in directories if name not in ("pip", "setuptools")}


Words = tuple[str, ...]
Plan = tuple[list[Command], Mapping[str, str]]


def _pip(python: Path, where: Path, url: str, words: Words, cache: Path | None) -> Plan:
    # pip's cache of answers is for hosts it trusts: others are not to be asked without TLS.
    kept: Command = ["--cache-dir", cache, "--trusted-host", "127.0.0.1"] if cache else []
    install: Command = [python, "-m", "pip", "install", *(kept or ["--no-cache-dir"])]
    arguments: Command = ["--target", where / "target", "--index-url", url, *words]
    environment = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return [[*install, *arguments]], environment


def _uv(python: Path, where: Path, url: str, words: Words, cache: Path | None) -> Plan:
    kept: Command = ["--cache-dir", cache] if cache else ["--no-cache"]
    install: Command = [python.parent / "uv", "pip", "install", *kept]
    into: Command = ["--python", sys.executable, "--target", where / "target"]
    return [[*install, *into, "--index-url", url, *words]], {"UV_NO_CONFIG": "1"}


def _poetry(python: Path, where: Path, url: str, words: Words, cache: Path | None) -> Plan:
    parts = urlsplit(url)
    bare = f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"
    source = f'[[tool.poetry.source]]\nname = "ours"\nurl = "{bare}"\npriority = "primary"\n'
    _write_project(where, words[-1], f"[tool.poetry]\npackage-mode = false\n{source}")
    environment = {
        "POETRY_HTTP_BASIC_OURS_USERNAME": parts.username or "",
        "POETRY_HTTP_BASIC_OURS_PASSWORD": parts.password or "",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_CACHE_DIR": str(cache or where / "cache"),
        "POETRY_CONFIG_DIR": str(where / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    poetry: Command = [python.parent / "poetry", "--no-interaction"]
    return [[*poetry, "lock"], [*poetry, "install"]], environment


def _pdm(python: Path, where: Path, url: str, words: Words, cache: Path | None) -> Plan:
    source = f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{url}"\nverify_ssl = false\n'
    _write_project(where, words[-1], f"[tool.pdm]\ndistribution = false\n{source}")
    environment = {
        "PDM_CHECK_UPDATE": "0",
        "PDM_CACHE_DIR": str(cache or where / "cache"),
        "PDM_CONFIG_FILE": str(where / "config.toml"),
        "PDM_IGNORE_ACTIVE_VENV": "1",
    }
    pdm = python.parent / "pdm"
    in_project: list[Command] = [
        [pdm, "venv", "create", sys.executable],
        [pdm, "use", "-f", ".venv"],
    ]
    return [*in_project, [pdm, "lock"], [pdm, "sync"]], environment


_COMMANDS = {"pip": _pip, "uv": _uv, "poetry": _poetry, "pdm": _pdm}


def _write_project(where: Path, requirement: str, tool: str) -> None:
    project = (
        f'[project]\nname = "consumer"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f'dependencies = ["{requirement}"]\n'
    )
    (where / "pyproject.toml").write_text(f"{project}\n{tool}")


def _python(version: str) -> str:
    """The interpreter of a version, if this machine has it; none is ever downloaded."""
    if not version:
        return sys.executable
    ask = [f"python{version}", "-c", "import sys; print(sys.executable)"]
    # Where pyenv keeps the interpreters, what is on PATH does not run unless told which.
    environment = {**os.environ, "PYENV_VERSION": version}
    try:
        done = subprocess.run(ask, env=environment, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"there is no Python {version} here") from error
    return done.stdout.strip()


def _run(command: Command) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{command[-1]} cannot be installed: {done.stderr.strip()[-300:]}")
