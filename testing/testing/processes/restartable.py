"""A process that a test can kill, halt and restart, and its use of resources."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from testing.processes import Process


@dataclass(frozen=True)
class ResourceUsage:
    """Resources of a process at one moment."""

    descriptors: int
    threads: int
    mebibytes: float
    """Resident memory."""

    @classmethod
    def read(cls, pid: int) -> Self:
        """Return the resources of the process ``pid`` now.

        :raises OSError: if it has ended.
        """
        own = Path(f"/proc/{pid}")
        pages = int((own / "statm").read_text().split()[1])
        return cls(
            descriptors=len(os.listdir(own / "fd")),
            threads=len(os.listdir(own / "task")),
            mebibytes=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        )

    def __str__(self) -> str:
        return f"{self.descriptors} fds, {self.threads} threads, {self.mebibytes:.0f} MiB"


class RestartableProcess:
    """A process that a test can kill, halt and restart.

    :param command: the module and its arguments.
    :param log: file of its output, over all runs.
    """

    def __init__(self, *command: str, log: Path, environment: Mapping[str, str]) -> None:
        self._command, self.log = [sys.executable, "-m", *command], log
        outer = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        self._environment = outer | {"PYTHONWARNINGS": "error"} | dict(environment)
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The current process."""
        assert self._process is not None
        return self._process

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = Process(
                self._command,
                environment=self._environment,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """Kill the process; the kernel closes its connections."""
        self.process.kill()

    def halt(self) -> None:
        """Stop the process; its connections stay open."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        if self._process is not None:
            self._process.end()

    def is_running(self) -> bool:
        """Return whether the current process has not ended."""
        return self._process is not None and self._process.poll() is None

    def measure(self) -> ResourceUsage:
        return ResourceUsage.read(self.process.pid)
