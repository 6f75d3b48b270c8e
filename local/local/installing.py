"""A throw-away environment: the demo installs into it, from the private index and nowhere else."""

import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from local.failure import Failure
from local.state import State


@dataclass(frozen=True, slots=True)
class ThrowAway:
    """A virtual environment that nobody misses."""

    path: Path
    state: State

    def install(self, project: str, version: str) -> str:
        """Install with pip; return the words for it."""
        venv.create(self.path, with_pip=False)
        index = self.state.read_environment()["GCPYPI_INDEX_URL"]
        command = [sys.executable, "-m", "pip", "--python", str(self._python), "install"]
        started = time.monotonic()
        self._run([*command, "--no-cache-dir", "--index-url", index, f"{project}=={version}"])
        took = time.monotonic() - started
        return f'pip install --index-url "$GCPYPI_INDEX_URL" {project} (pip: {took:.1f} s)'

    def run(self, module: str) -> str:
        """Run the installed module; return what it printed."""
        return self._run([str(self._python), "-I", "-m", module])

    @property
    def _python(self) -> Path:
        return self.path / "bin" / "python"

    def _run(self, command: list[str]) -> str:
        # Nothing of this machine's pip settings: the file must come from our index, or not at all.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{command[-1]} failed:\n{done.stdout}{done.stderr}".strip())
        return done.stdout.strip()
