"""Native local index of a checkout, and its commands, for measurements."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.server_process import ServerProcess

_PYTHON = ("PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE")
"""Variables of the caller that would make the command slower than for a user."""

_BARE = ("sh", "env", "tail")
"""Programs of the local index. Without gcloud on its PATH it uses the built-in Pub/Sub."""

_STARTED = re.compile(r"system +\| (?P<name>\S+) started \(pid=(?P<pid>\d+)\)")
"""Line of honcho in the log of the index."""


@dataclass(frozen=True, slots=True)
class MeasuredIndex:
    """Running local index."""

    program: Path
    """Command ``gcpypi`` of its checkout."""
    environment: Mapping[str, str]
    """Environment of the command."""
    processes: Sequence[ServerProcess]

    def publish(self, folder: Path, *options: str) -> None:
        """Run ``gcpypi publish``.

        :raises RuntimeError: if it fails.
        """
        _run([str(self.program), "publish", *options, str(folder)], self.environment)


@contextmanager
def run_local_index(programs: Path, folder: Path) -> Iterator[MeasuredIndex]:
    """Run the index of an environment on free ports.

    :param programs: folder with ``python`` and ``gcpypi``.
    :param folder: folder of the state, which is created.
    """
    path = folder / "bin"
    path.mkdir(parents=True)
    for name in _BARE:
        (path / name).symlink_to(shutil.which(name) or "")
    local = [str(programs / "python"), "-m", "local"]
    clients = {name: value for name, value in os.environ.items() if name not in _PYTHON}
    clients["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    services = {**clients, "PATH": str(path), "RUNTIME": "native"}
    place = ["--dir", str(folder / "local")]
    try:
        _run([*local, "up", *place, "--port-base", "free"], services)
        variables = _read_variables(folder / "local" / "env")
        processes = _find_processes(folder / "local" / "log")
        yield MeasuredIndex(programs / "gcpypi", {**clients, **variables}, processes)
    finally:
        _run([*local, "down", *place], services)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a program.

    :raises RuntimeError: if it fails.
    """
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _read_variables(path: Path) -> Mapping[str, str]:
    lines = path.read_text().splitlines()
    pairs = [line.removeprefix("export ").partition("=") for line in lines if "=" in line]
    return {name: value.strip("'\"") for name, _, value in pairs}


def _find_processes(log: Path) -> Sequence[ServerProcess]:
    found = _STARTED.finditer(log.read_text())
    return [ServerProcess(each["name"], int(each["pid"])) for each in found]
