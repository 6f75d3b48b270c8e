"""Groups of programs that start and stop together, under a supervisor in the background."""

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from local.errors import LocalError
from local.port_choice import is_taken
from local.runtime.child_environment import build_environment
from local.runtime.state import State
from local.topology import HOST

START_SECONDS = 120.0
"""Limit of the start, as with Docker; the first start after an install also compiles modules."""
STOP_SECONDS = 60.0
"""Limit of the stop; honcho kills a program after 5 s."""
STOPPED = re.compile(r"system +\| (?P<name>\S+) stopped \(rc=(?P<code>-?\d+)\)")


@dataclass(frozen=True, slots=True)
class Program:
    """Program of a group; it runs as one process."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    port: int | None = None
    """Port of the program; None if it does not listen."""
    ready: str = ""
    """URL path that answers 200 when the program is ready; if empty, an open port is enough."""

    def is_ready(self, http: httpx.Client) -> bool:
        """Return whether the program is ready."""
        if self.port is None:
            return True
        if not self.ready:
            return _is_listening(self.port)
        with contextlib.suppress(httpx.HTTPError):
            return http.get(f"http://{HOST}:{self.port}{self.ready}").status_code == 200
        return False


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@dataclass(frozen=True, slots=True)
class Group:
    """Supervisor and its programs, identified by the supervisor's lock on its pid file."""

    name: str
    state: State

    @property
    def _pid_file(self) -> Path:
        return self.state.path / f"{self.name}.pid"

    def find_pid(self) -> int | None:
        """Return the process id of the supervisor; None if it does not run."""
        if not self._pid_file.exists():
            return None
        with self._pid_file.open("r+") as lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(lock.read() or 0) or None
        return None

    def start(self, programs: Sequence[Program]) -> None:
        """Start the programs, if they do not run, and wait until all are ready.

        :raises LocalError: if a port is taken, or a program ends or is not ready within 120 s.
        """
        seen = self.state.log.stat().st_size if self.state.log.exists() else 0
        supervisor = None
        waiting, until = list(programs), time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False, timeout=5) as http:
            while (
                waiting := [p for p in waiting if not p.is_ready(http)]
            ) or self.find_pid() is None:
                if supervisor and supervisor.poll() is not None:
                    raise LocalError(self._describe_exit(seen))
                if supervisor is None and self.find_pid() is None:
                    check_ports(programs)
                    supervisor, waiting = self._spawn(programs), list(programs)
                if time.monotonic() > until:
                    raise LocalError(self._describe_timeout(waiting, seen))
                time.sleep(0.05)
        if supervisor:
            self._wait_until_started(programs, seen)
            # The supervisor outlives this process; suppress the warning of Popen.
            supervisor.returncode = 0

    def _wait_until_started(self, programs: Sequence[Program], seen: int) -> None:
        """Wait until honcho has the process ids of its programs, and so can stop them.

        A program can answer before honcho has read the event of its start. A SIGTERM in between
        ends honcho with a KeyError, and the program keeps running.
        """
        until = time.monotonic() + START_SECONDS
        names = [program.name for program in programs]
        while time.monotonic() < until:
            log = "\n".join(self._read_log_since(seen))
            if all(f"{name} started (pid=" in log for name in names):
                return
            time.sleep(0.05)
        raise LocalError(
            f"the supervisor of the {self.name} did not report the start of all programs"
        )

    def _spawn(self, programs: Sequence[Program]) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "local.runtime.supervisor"]
        with self.state.log.open("ab") as log:
            supervisor = subprocess.Popen(
                [*command, str(self._pid_file), str(self.state.log)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.state.path,
                start_new_session=True,
            )
        with supervisor.stdin as stdin:  # type: ignore[union-attr] # stdin is a pipe
            stdin.write(json.dumps([_encode_program(program) for program in programs]).encode())
        return supervisor

    def stop(self) -> None:
        """Stop the programs, if they run, and wait for their end."""
        pid = self.find_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while self.find_pid() is not None:
            if time.monotonic() > until:
                raise LocalError(
                    f"the supervisor of the {self.name} did not stop; end process {pid} by hand"
                )
            time.sleep(0.05)

    def _describe_exit(self, seen: int) -> str:
        """Return the name and the last output of the program that ended first."""
        lines = self._read_log_since(seen)
        first = next(filter(None, map(STOPPED.search, lines)), None)
        if first is None:
            return "\n".join([f"the supervisor of the {self.name} ended:", *lines[-20:]])
        output = [line for line in lines if re.search(rf"\b{first['name']} +\| ", line)]
        return "\n".join([f"{first['name']} ended with code {first['code']}:", *output[-20:]])

    def _describe_timeout(self, waiting: Sequence[Program], seen: int) -> str:
        names = ", ".join(program.name for program in waiting)
        reason = f"not ready after {START_SECONDS:.0f} s: {names}. The log ends with:"
        return "\n".join([reason, *self._read_log_since(seen)[-20:]])

    def _read_log_since(self, seen: int) -> list[str]:
        with self.state.log.open("rb") as log:
            log.seek(seen)
            return log.read().decode(errors="replace").splitlines()


def _encode_program(program: Program) -> dict[str, object]:
    return {
        "name": program.name,
        "command": list(program.command),
        "environment": build_environment({"PYTHONUNBUFFERED": "1", **program.environment}),
    }


def check_ports(programs: Sequence[Program]) -> None:
    """Raise an error with the first port that another process uses."""
    for program in programs:
        if program.port is not None and is_taken(program.port):
            raise LocalError(
                f"port {program.port} is taken, and {program.name} needs it. Stop the process that"
                f" uses it (lsof -i :{program.port} shows it), or choose other ports:"
                " .venv/bin/python -m local up --port-base free"
            )
