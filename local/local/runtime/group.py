"""Programs that start and stop together, under a supervisor in the background."""

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

from local.failure import Failure
from local.layout import HOST
from local.runtime.inherited import environment
from local.runtime.state import State

START_SECONDS = 60.0
STOP_SECONDS = 15.0
STOPPED = re.compile(r"system +\| (?P<name>\S+) stopped \(rc=(?P<code>-?\d+)\)")


@dataclass(frozen=True, slots=True)
class Program:
    """One process of a group."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    port: int | None = None
    """Where it listens, if it does."""
    ready: str = ""
    """The path that answers 200 when it is ready; without one, that it listens is enough."""

    def is_ready(self, http: httpx.Client) -> bool:
        """Ask whether it does its work."""
        if self.port is None:
            return True
        if not self.ready:
            return _listens(self.port)
        with contextlib.suppress(httpx.HTTPError):
            return http.get(f"http://{HOST}:{self.port}{self.ready}").status_code == 200
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Group:
    """A supervisor and its programs, by the supervisor's lock on its pid file."""

    name: str
    state: State

    @property
    def _pid_file(self) -> Path:
        return self.state.path / f"{self.name}.pid"

    def pid(self) -> int | None:
        """Return the supervisor's process id, None if it does not run."""
        if not self._pid_file.exists():
            return None
        with self._pid_file.open("r+") as lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(lock.read() or 0) or None
        return None

    def start(self, programs: Sequence[Program]) -> None:
        """Start the programs, if they do not run, and return when all are ready.

        :raises Failure: if a port is taken, a program dies or is not ready in time.
        """
        seen = self.state.log.stat().st_size if self.state.log.exists() else 0
        supervisor = None
        waiting, until = list(programs), time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False, timeout=5) as http:
            while (waiting := [p for p in waiting if not p.is_ready(http)]) or self.pid() is None:
                if supervisor and supervisor.poll() is not None:
                    raise Failure(self._obituary(seen))
                if supervisor is None and self.pid() is None:
                    check_ports(programs)
                    supervisor, waiting = self._spawn(programs), list(programs)
                if time.monotonic() > until:
                    raise Failure(self._late(waiting, seen))
                time.sleep(0.05)
        if supervisor:
            self._await_started(programs, seen)
            # It outlives this process: not ours to wait for.
            supervisor.returncode = 0

    def _await_started(self, programs: Sequence[Program], seen: int) -> None:
        """Wait until honcho knows its programs' process ids: it cannot stop them before.

        A program can answer before honcho has read that it was started; a SIGTERM in between ends
        honcho with a KeyError, and leaves the program alone.
        """
        until = time.monotonic() + STOP_SECONDS
        names = [program.name for program in programs]
        while time.monotonic() < until:
            log = "\n".join(self._log_since(seen))
            if all(f"{name} started (pid=" in log for name in names):
                return
            time.sleep(0.05)
        raise Failure(f"the supervisor of the {self.name} does not say that it started them")

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
        with supervisor.stdin as stdin:  # type: ignore[union-attr] # it is a pipe
            stdin.write(json.dumps([_described(program) for program in programs]).encode())
        return supervisor

    def stop(self) -> None:
        """Stop the programs, if they run, and return when they are gone."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while self.pid() is not None:
            if time.monotonic() > until:
                raise Failure(f"the supervisor of the {self.name} (process {pid}) does not stop")
            time.sleep(0.05)

    def _obituary(self, seen: int) -> str:
        """Say who died first, with the last it said."""
        lines = self._log_since(seen)
        first = next(filter(None, map(STOPPED.search, lines)), None)
        if first is None:
            return "\n".join([f"the supervisor of the {self.name} died:", *lines[-20:]])
        said = [line for line in lines if re.search(rf"\b{first['name']} +\| ", line)]
        return "\n".join([f"{first['name']} ended with code {first['code']}:", *said[-20:]])

    def _late(self, waiting: Sequence[Program], seen: int) -> str:
        names = ", ".join(program.name for program in waiting)
        why = f"not ready after {START_SECONDS:.0f} s: {names}. The log ends with:"
        return "\n".join([why, *self._log_since(seen)[-20:]])

    def _log_since(self, seen: int) -> list[str]:
        with self.state.log.open("rb") as log:
            log.seek(seen)
            return log.read().decode(errors="replace").splitlines()


def _described(program: Program) -> dict[str, object]:
    return {
        "name": program.name,
        "command": list(program.command),
        "environment": environment({"PYTHONUNBUFFERED": "1", **program.environment}),
    }


def check_ports(programs: Sequence[Program]) -> None:
    """Raise a failure that names the first port that somebody else listens on."""
    for program in programs:
        if program.port is not None and _is_taken(program.port):
            raise Failure(
                f"port {program.port} is taken, and {program.name} needs it. Stop what listens"
                f" there (lsof -i :{program.port} names it), or take other ports:"
                " .venv/bin/python -m local up --port-base free"
            )
