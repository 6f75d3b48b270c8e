"""The native runtime for measuring: every service a process, on a storage filled before."""

import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local import layout
from local.layout import Ports
from schemas import layout as objects
from schemas.events import FileUploaded
from schemas.names import ProjectName
from testing.processes import Process
from testing.services.fleet import await_answer
from testing.services.pubsub import PubSub

START = 600.0
"""Seconds until the storage must answer: it is being filled."""

Wheel = tuple[str, str, str]
"""The incoming object's name, the project as file names spell it, and the version."""


def wheel_of(project: str, version: str) -> Wheel:
    """A wheel that CI has uploaded."""
    return f"ci/{version}/{project}-{version}-py3-none-any.whl", project, version


@dataclass
class Runtime:
    """What runs, and how to publish with it and look at what came of it."""

    ports: Ports
    pubsub: PubSub
    processes: Mapping[str, int]
    """The process id of each part, by name."""

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(layout.HOST, self.ports.storage)

    def close(self) -> None:
        """Close the connection to the storage."""
        self._connection.close()

    def announce(self, wheels: Sequence[Wheel]) -> None:
        """Say that these wheels were uploaded."""
        self.pubsub.publish([FileUploaded(bucket=layout.INCOMING, name=w[0]) for w in wheels])

    def page(self, project: ProjectName) -> bytes:
        """A project's JSON page; empty while there is none."""
        name = quote(objects.project_json(project), safe="")
        self._connection.request("GET", f"/storage/v1/b/{layout.STATIC}/o/{name}?alt=media")
        answer = self._connection.getresponse()
        data = answer.read()
        return data if answer.status == http.client.OK else b""

    def wait(self, project: ProjectName, version: str, pause: float = 0.003) -> None:
        """Return when a project's page lists this version."""
        sign = f'"{version}"'.encode()
        while sign not in self.page(project):
            time.sleep(pause)

    def cpu(self) -> dict[str, float]:
        """CPU seconds each process has used so far."""
        return {name: _cpu(pid) for name, pid in self.processes.items()}


def _cpu(pid: int) -> float:
    """User and system time of a process (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def runtime(directory: Path, files: int, wheels: Sequence[Wheel]) -> Iterator[Runtime]:
    """Start everything on an index of so many files, with ``wheels`` in the incoming bucket."""
    ports, processes = Ports.free(), dict[str, int]()
    directory.mkdir(parents=True, exist_ok=True)
    incoming = directory / "incoming.json"
    incoming.write_text(json.dumps(wheels))
    with (directory / "log").open("wb") as log, ExitStack() as stack:

        def start(name: str, *command: str, environment: Mapping[str, str]) -> None:
            process = Process(
                [sys.executable, "-m", *command],
                environment={**os.environ, "LOG_LEVEL": "WARNING", **environment},
                stdout=log,
                stderr=log,
            )
            processes[name] = stack.enter_context(process).pid

        seeded = ("benchmarks.publish.storage", f"--files={files}", f"--incoming={incoming}")
        start("storage", *seeded, f"--port={ports.storage}", environment={})
        start("pubsub", "local.stand_ins.pubsub", f"--port={ports.pubsub}", environment={})
        _patiently(lambda: await_answer(f"{ports.url('storage')}/_fake/health"))
        pubsub = PubSub(ports.address("pubsub"))
        for service, module in layout.SERVICES.items():
            if service != "proxy":
                settings = layout.service_environment(service, ports)
                start(service, module, environment=settings)
        for service in layout.SERVICES:
            if service != "proxy":
                await_answer(f"{ports.url(service)}/ready")
        start("relay", "local.stand_ins.relay", environment=layout.relay_environment(ports))
        yield stack.enter_context(closing(Runtime(ports, pubsub, processes)))


def _patiently(wait: Callable[[], None]) -> None:
    give_up = time.monotonic() + START
    while True:
        try:
            return wait()
        except AssertionError:
            if time.monotonic() > give_up:
                raise
