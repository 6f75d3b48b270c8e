"""The native runtime for the soak: the programs of ``make local-up``, each service observed."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from local import topology
from local.clients import StandInClients
from local.port_choice import choose_free_ports
from local.runtime.child_environment import build_environment
from local.runtime.group import Program
from local.runtime.native import make_backends, make_services, run_bootstrap
from local.runtime.pubsub_choice import choose_built_in
from local.runtime.state import StartedRuntime, State
from local.settings import Backends
from local.topology import Ports
from testing.processes import Process
from testing.services.proxy_processes import wait_until

ROOT = Path(__file__).parents[2]
START = 120.0
"""Maximum number of seconds until a program is ready."""
CACHE_BYTES = 4 * 1024 * 1024
"""Cache of the proxy, so small that it is full soon, and its growth is no trend."""
SETTINGS: Mapping[str, Mapping[str, str]] = {"proxy": {"CACHE_BYTES": str(CACHE_BYTES)}}


@dataclass(frozen=True)
class SoakRuntime:
    """The running processes and their addresses."""

    state: State
    ports: Ports
    pids: Mapping[str, int]
    """Process ids by the name of the program."""
    sockets: Mapping[str, Path]
    """Socket with the number of tasks, by service."""
    clients: StandInClients = field(repr=False)

    @property
    def logs(self) -> Path:
        """Folder with the log of each program."""
        return self.state.path / "logs"


@contextmanager
def run_soak_runtime(folder: Path) -> Iterator[SoakRuntime]:
    """Start all programs on free ports; yield when each is ready."""
    ports, state = choose_free_ports(), State(folder)
    state.save(StartedRuntime("native", ports, gcloud_publishes=False))
    pids = dict[str, int]()
    sockets = {name: folder / f"{name}.socket" for name in topology.SERVICES}
    clients = StandInClients(Backends.from_ports(ports))
    runtime = SoakRuntime(state, ports, pids, sockets, clients)
    runtime.logs.mkdir()
    with ExitStack() as stack:
        for program in make_backends(state, ports, choose_built_in(ports.pubsub, "")):
            pids[program.name] = stack.enter_context(_start(program, runtime)).pid
            _await(program)
        run_bootstrap(state, ports)
        services = make_services(ports)
        for program in services:
            pids[program.name] = stack.enter_context(_start(program, runtime)).pid
        for program in services:
            _await(program)
        yield runtime


def _start(program: Program, runtime: SoakRuntime) -> Process:
    command, own = program.command, SETTINGS.get(program.name, {})
    if module := topology.SERVICES.get(program.name):
        socket = str(runtime.sockets[program.name])
        command = (sys.executable, "-m", "benchmarks.soak.observed_service", socket, module)
    environment = {"PYTHONUNBUFFERED": "1", **program.environment, **own}
    with (runtime.logs / program.name).open("wb") as log:
        return Process(
            command,
            environment=build_environment(environment),
            folder=ROOT,
            stdout=log,
            stderr=log,
        )


def _await(program: Program) -> None:
    with httpx.Client(trust_env=False, timeout=5) as http:
        wait_until(lambda: program.is_ready(http), f"{program.name} is ready", START)
