"""A throw-away environment: the demo installs into it, from the private index and nowhere else."""

import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from local.demo.step import Step
from local.failure import Failure
from local.runtime.inherited import environment
from local.runtime.state import State


@dataclass(frozen=True, slots=True)
class ThrowAway:
    """A virtual environment that nobody misses."""

    path: Path
    state: State

    def install(self, project: str, version: str) -> Step:
        """Install with pip."""
        venv.create(self.path, with_pip=False)
        index = self.state.read_environment()["GCPYPI_INDEX_URL"]
        command = [sys.executable, "-m", "pip", "--python", str(self._python), "install"]
        started = time.monotonic()
        self._run([*command, "--no-cache-dir", "--index-url", index, f"{project}=={version}"])
        words = f'pip install --index-url "$GCPYPI_INDEX_URL" {project}=={version}'
        return Step("install", time.monotonic() - started, words)

    def run(self, module: str) -> Step:
        """Run the installed module, and quote what it says."""
        started = time.monotonic()
        said = self._run([str(self._python), "-I", "-m", module])
        return Step("run", time.monotonic() - started, said)

    @property
    def _python(self) -> Path:
        return self.path / "bin" / "python"

    def _run(self, command: list[str]) -> str:
        # Nothing of this machine's pip settings: the file comes from our index, or not at all.
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        clean = environment(pip, drop=("PIP_", "PYTHON"))
        done = subprocess.run(command, env=clean, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{command[-1]} failed:\n{done.stdout}{done.stderr}".strip())
        return done.stdout.strip()
