"""The clients, each in a separate environment that later runs use again.

An environment is created on demand under ``.local/clients`` of the checkout, from the machine's
usual package index. The client then installs only from the index under test.
"""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from clients import plans
from clients.install_requests import Command, InstallRequest, Plan

CACHE = Path(__file__).parents[2] / ".local" / "clients"
_MINE = ("PIP_", "PIPX_", "UV_", "POETRY_", "PDM_", "PYTHON", "VIRTUAL_ENV")
_TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Prefixes of the machine's settings for indexes and certificates, which a client must not see."""
_STALE = 24 * 3600.0
"""Age in seconds at which an unpinned client is upgraded."""

Versions = dict[str, str]


class Missing(Exception):
    """The client is not available on this machine."""


@dataclass(frozen=True)
class Installer:
    """One client at one version."""

    name: str
    requirement: str
    python: str = ""
    """Version of the required Python, such as ``3.9``; empty for the Python of the tests."""

    def find_python(self) -> Path:
        """Return the Python of the client; create its environment if necessary.

        :raises Missing: if its Python is missing, or its installation fails.
        """
        directory = CACHE / f"{self.requirement}-py{self.python or sys.version_info.minor}"
        python = directory / "bin" / "python"
        done = directory / "complete"
        if not done.exists():
            _run([_find_python(self.python), "-m", "venv", "--clear", directory])
        if not done.exists() or ("==" not in self.requirement and _measure_age(done) > _STALE):
            install: Command = [python, "-m", "pip", "install", "--quiet", "--upgrade"]
            _run([*install, "--disable-pip-version-check", self.requirement])
            done.touch()
        return python

    def is_available(self) -> bool:
        """Return True if the client is available on this machine."""
        try:
            return self.find_python().exists()
        except Missing:
            return False

    def read_version(self) -> str:
        """Return the installed version."""
        (found,) = (
            self.find_python()
            .parents[1]
            .glob(f"lib/*/site-packages/{self.name.replace('-', '_')}-*.dist-info")
        )
        return found.stem.partition("-")[2]

    def lacks(self, ask: tuple[str, ...], word: str) -> bool:
        """Return True if no line of the client's help starts with ``word``."""
        python = self.find_python()
        program: Command = [python, "-m", "pip"] if self.name == "pip" else []
        command = [*(program or [python.parent / self.name]), *ask]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
        return re.search(rf"^\s*{re.escape(word)}\b", done.stdout, re.MULTILINE) is None

    def install(self, request: InstallRequest) -> Versions | None:
        """Install; return the installed versions, or None if the client fails."""
        plan = plans.INSTALL[self.name](self.find_python(), request)
        return _read_versions(request.where) if _run_plan(plan, request.where) else None

    def lock(self, request: InstallRequest) -> tuple[str, Versions]:
        """Write a lock file and install from it; return the file and the installed versions."""
        plan = plans.LOCK[self.name](self.find_python(), request)
        assert _run_plan(plan, request.where), (request.where / "output.txt").read_text()
        return (request.where / plans.LOCKS[self.name]).read_text(), _read_versions(request.where)


def download_tools(into: Path) -> None:
    """Download the tools of pip-audit from the machine's usual index.

    :raises Missing: if the download fails.
    """
    command: Command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    _run([*command, "--dest", into, "pip", "wheel", "setuptools"])


def _run_plan(plan: Plan, where: Path) -> bool:
    """Run the commands of a plan; return False at the first failure. Keep the output in a file."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith((*_MINE, *_TRUST))}
    environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **plan.environment}
    uv = CACHE / f"uv-py{sys.version_info.minor}" / "bin"
    environment["PATH"] = f"{uv}{os.pathsep}{environment['PATH']}"  # pipx calls uv
    for command in plan.commands:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=where,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        with (where / "output.txt").open("a") as output:
            output.write(f"$ {command}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            return False
    return True


def _read_versions(where: Path) -> Versions:
    """Return the versions in a directory, or in the report of an audit."""
    if (audit := where / "audit.json").exists():
        dependencies = json.loads(audit.read_text())["dependencies"]
        return {one["name"].replace("-", "_"): one["version"] for one in dependencies}
    directories = (path.stem.split("-") for path in where.rglob("*.dist-info"))
    return {name: version for name, version in directories if name not in ("pip", "setuptools")}


def _measure_age(file: Path) -> float:
    return time.time() - file.stat().st_mtime


def _find_python(version: str) -> str:
    """Return the interpreter of a version on this machine; never download one."""
    if not version:
        return sys.executable
    command = [f"python{version}", "-c", "import sys; print(sys.executable)"]
    # The interpreters of pyenv on PATH run only with PYENV_VERSION.
    environment = {**os.environ, "PYENV_VERSION": version}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"Python {version} is not installed on this machine") from error
    return done.stdout.strip()


def _run(command: Command) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{command[-1]} cannot be installed: {done.stderr.strip()[-300:]}")
