"""Temporary virtual environment, into which the demo installs from the private index only."""

import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from local.demo.step import Step
from local.errors import LocalError
from local.runtime.child_environment import build_environment
from local.runtime.state import State


@dataclass(frozen=True, slots=True)
class TemporaryEnvironment:
    """Virtual environment in a temporary directory."""

    path: Path
    state: State

    def install(self, project: str, version: str) -> Step:
        """Install a release with pip."""
        venv.create(self.path, with_pip=False)
        index = self.state.read_environment()["GCPYPI_INDEX_URL"]
        command = [sys.executable, "-m", "pip", "--python", str(self._python), "install"]
        started = time.monotonic()
        self._run([*command, "--no-cache-dir", "--index-url", index, f"{project}=={version}"])
        result = f'pip install --index-url "$GCPYPI_INDEX_URL" {project}=={version}'
        return Step("install", time.monotonic() - started, result)

    def run(self, module: str) -> Step:
        """Run the installed module; the step shows its output."""
        started = time.monotonic()
        said = self._run([str(self._python), "-I", "-m", module])
        return Step("run", time.monotonic() - started, said)

    @property
    def _python(self) -> Path:
        return self.path / "bin" / "python"

    def _run(self, command: list[str]) -> str:
        # Ignore the pip settings of this machine, so that the file can come only from our index.
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        clean = build_environment(pip, drop=("PIP_", "PYTHON"))
        done = subprocess.run(command, env=clean, capture_output=True, text=True)
        if done.returncode:
            raise LocalError(f"{command[-1]} failed:\n{done.stdout}{done.stderr}".strip())
        return done.stdout.strip()
