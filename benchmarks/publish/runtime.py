"""Native runtime for measurements: one process per service, on a seeded storage."""

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

from local import topology
from local.port_choice import choose_free_ports
from local.topology import Ports
from schemas import layout as objects
from schemas.events import FileUploaded
from schemas.names import ProjectName
from testing.processes import Process
from testing.services.fleet import await_answer
from testing.services.pubsub_client import PubSub

START = 600.0
"""Maximum number of seconds until the storage must answer, because it is filled first."""

Wheel = tuple[str, str, str]
"""Name of the incoming object, project in the spelling of file names, and version."""


def describe_wheel(project: str, version: str) -> Wheel:
    """Return the description of a wheel that CI has uploaded."""
    return f"ci/{version}/{project}-{version}-py3-none-any.whl", project, version


@dataclass
class Runtime:
    """Running services, with methods to publish and to read pages."""

    ports: Ports
    pubsub: PubSub
    processes: Mapping[str, int]
    """Process ids by name."""

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(topology.HOST, self.ports.storage)

    def close(self) -> None:
        """Close the connection to the storage."""
        self._connection.close()

    def announce(self, wheels: Sequence[Wheel]) -> None:
        """Announce the upload of these wheels."""
        self.pubsub.publish([FileUploaded(bucket=topology.INCOMING, name=w[0]) for w in wheels])

    def read_page(self, project: ProjectName) -> bytes:
        """Return the JSON page of a project; empty if there is none."""
        name = quote(objects.locate_project_json(project), safe="")
        self._connection.request("GET", f"/storage/v1/b/{topology.STATIC}/o/{name}?alt=media")
        response = self._connection.getresponse()
        data = response.read()
        return data if response.status == http.client.OK else b""

    def wait_for_version(self, project: ProjectName, version: str, pause: float = 0.003) -> None:
        """Return when the page of a project lists this version."""
        sign = f'"{version}"'.encode()
        while sign not in self.read_page(project):
            time.sleep(pause)

    def read_cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds of each process until now."""
        return {name: _read_process_cpu(pid) for name, pid in self.processes.items()}


def _read_process_cpu(pid: int) -> float:
    """Return user and system time of a process (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def start_runtime(directory: Path, files: int, wheels: Sequence[Wheel]) -> Iterator[Runtime]:
    """Start all services on an index of ``files`` files, with ``wheels`` in the incoming bucket."""
    ports, processes = choose_free_ports(), dict[str, int]()
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

        seeded = ("benchmarks.publish.seeded_storage", f"--files={files}", f"--incoming={incoming}")
        start("storage", *seeded, f"--port={ports.storage}", environment={})
        start("pubsub", "local.stand_ins.pubsub", f"--port={ports.pubsub}", environment={})
        _retry_until_start(lambda: await_answer(f"{ports.url('storage')}/_fake/health"))
        pubsub = PubSub(ports.address("pubsub"))
        workers = {each.service for each in topology.SUBSCRIPTIONS}
        for service in workers:
            settings = topology.build_service_environment(service, ports)
            start(service, topology.SERVICES[service], environment=settings)
        for service in workers:
            await_answer(f"{ports.url(service)}/ready")
        start("relay", "local.stand_ins.relay", environment=topology.build_relay_environment(ports))
        yield stack.enter_context(closing(Runtime(ports, pubsub, processes)))


def _retry_until_start(wait: Callable[[], None]) -> None:
    give_up = time.monotonic() + START
    while True:
        try:
            return wait()
        except AssertionError:
            if time.monotonic() > give_up:
                raise
