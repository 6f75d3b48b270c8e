"""Fork server of the services: starts a process without the time of its imports.

Each line of standard input is a JSON object with ``module``, ``environment`` and ``log``. The
server forks a process that calls ``main`` of the module, like ``python -m <module>``, and prints
its pid. At the end of the input it kills the processes that have not ended.
"""

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from testing.processes import Process

GRACE = 15.0
"""Seconds between SIGTERM and SIGKILL."""


class ForkServer(Process):
    """Running fork server, for the processes of several modules.

    :param log: file of its own errors.
    """

    def __init__(self, log: Path) -> None:
        pipe, environment = subprocess.PIPE, dict(os.environ) | {"PYTHONWARNINGS": "error"}
        command = [sys.executable, "-m", "testing.chaos.fork_server"]
        with log.open("ab") as errors:
            super().__init__(
                command, environment=environment, stdin=pipe, stdout=pipe, stderr=errors
            )
        self._lock = threading.Lock()
        assert self.stdout is not None
        self.stdout.readline()  # the modules are imported

    def fork(self, module: str, environment: Mapping[str, str], log: Path) -> int:
        """Start a process that runs a module; return its pid."""
        order = {"module": module, "environment": dict(environment), "log": str(log)}
        with self._lock:
            assert self.stdin is not None
            assert self.stdout is not None
            self.stdin.write(json.dumps(order).encode() + b"\n")
            self.stdin.flush()
            return int(self.stdout.readline())


class ForkedProcess:
    """A service that a test can kill, halt and restart, like ``RestartableProcess``."""

    def __init__(
        self, server: ForkServer, module: str, log: Path, environment: Mapping[str, str]
    ) -> None:
        self._server, self._module, self._log = server, module, log
        self._environment = dict(os.environ) | {"PYTHONWARNINGS": "error"} | dict(environment)
        self._pid = 0

    def start(self) -> None:
        """Start the process."""
        self._pid = self._server.fork(self._module, self._environment, self._log)

    def kill(self) -> None:
        """Send SIGKILL, and wait for the end."""
        self._send(signal.SIGKILL)
        while self.is_running():
            time.sleep(0.001)

    def halt(self) -> None:
        """Send SIGSTOP."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Send SIGCONT."""
        self._send(signal.SIGCONT)

    def end(self) -> None:
        """Send SIGTERM, wait for the end, and kill the process if it does not end."""
        self.resume()
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.kill()

    def is_running(self) -> bool:
        """Return whether the process exists; the kernel reaps it at its end."""
        return bool(self._pid) and Path(f"/proc/{self._pid}").exists()

    def _send(self, number: signal.Signals) -> None:
        """Send a signal to a started process; the pid 0 would mean the group of the test."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)


def main() -> None:
    """Serve until the end of the input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps ended children
    children = []
    for module in ("ingest", "indexer", "publisher", "publisher.web", "proxy", "upload"):
        importlib.import_module(f"{module}.main")
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(order["module"], order["environment"], order["log"])
        children.append(pid)
        print(pid, flush=True)
    for pid in filter(_is_child, children):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _is_child(pid: int) -> bool:
    """Return whether a pid still means a child of this process, and not a later process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[1]) == os.getpid()


def _run(module: str, environment: Mapping[str, str], log: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    try:
        importlib.import_module(module).main()
    finally:
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
