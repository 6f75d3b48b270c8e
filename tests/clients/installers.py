"""The clients people install with, each in an environment of its own, kept for the next time.

An environment is made on the fly under ``.local/clients`` of the checkout, from the machine's usual
package index; what is then installed into it comes from the index under test, and nowhere else.
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
from clients.wishes import Command, Plan, Wish

CACHE = Path(__file__).parents[2] / ".local" / "clients"
_MINE = ("PIP_", "PIPX_", "UV_", "POETRY_", "PDM_", "PYTHON", "VIRTUAL_ENV")
_TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What the machine's own settings begin with: a client must look and trust nowhere else."""
_STALE = 24 * 3600.0
"""Seconds after which the newest version may be another one."""

Versions = dict[str, str]


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
        if not done.exists() or ("==" not in self.requirement and _age(done) > _STALE):
            install: Command = [python, "-m", "pip", "install", "--quiet", "--upgrade"]
            _run([*install, "--disable-pip-version-check", self.requirement])
            done.touch()
        return python

    def is_there(self) -> bool:
        """Whether it can be had on this machine."""
        try:
            return self.executable().exists()
        except Missing:
            return False

    def version(self) -> str:
        """The version that is there."""
        (found,) = (
            self.executable()
            .parents[1]
            .glob(f"lib/*/site-packages/{self.name.replace('-', '_')}-*.dist-info")
        )
        return found.stem.partition("-")[2]

    def lacks(self, ask: tuple[str, ...], word: str) -> bool:
        """Whether its help says nothing of an option or, at a line's beginning, of a command."""
        python = self.executable()
        program: Command = [python, "-m", "pip"] if self.name == "pip" else []
        command = [*(program or [python.parent / self.name]), *ask]
        said = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
        return re.search(rf"^\s*{re.escape(word)}\b", said.stdout, re.MULTILINE) is None

    def install(self, wish: Wish) -> Versions | None:
        """Return what was installed, or None if the client gave up."""
        plan = plans.INSTALL[self.name](self.executable(), wish)
        return _installed(wish.where) if _obeyed(plan, wish.where) else None

    def lock(self, wish: Wish) -> tuple[str, Versions]:
        """Have it write a lock file, and install that; return the file and what was installed."""
        plan = plans.LOCK[self.name](self.executable(), wish)
        assert _obeyed(plan, wish.where), (wish.where / "said.txt").read_text()
        return (wish.where / plans.LOCKS[self.name]).read_text(), _installed(wish.where)


def download_tools(into: Path) -> None:
    """What pip-audit first fetches, from the machine's usual index.

    :raises Missing: if it is not to be had.
    """
    command: Command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    _run([*command, "--dest", into, "pip", "wheel", "setuptools"])


def _obeyed(plan: Plan, where: Path) -> bool:
    """Whether all commands of a plan succeeded; what they said is kept for who asks why not."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith((*_MINE, *_TRUST))}
    inherited |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **plan.environment}
    uv = CACHE / f"uv-py{sys.version_info.minor}" / "bin"
    inherited["PATH"] = f"{uv}{os.pathsep}{inherited['PATH']}"  # pipx has it do the work
    for command in plan.commands:
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
            return False
    return True


def _installed(where: Path) -> Versions:
    """What lies in a directory, or what an audit of it found."""
    if (audit := where / "audit.json").exists():
        found = json.loads(audit.read_text())["dependencies"]
        return {one["name"].replace("-", "_"): one["version"] for one in found}
    directories = (path.stem.split("-") for path in where.rglob("*.dist-info"))
    return {name: version for name, version in directories if name not in ("pip", "setuptools")}


def _age(file: Path) -> float:
    return time.time() - file.stat().st_mtime


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
