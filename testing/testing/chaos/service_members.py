"""Processes of the whole system: settings, start, end, halt and replacement."""

import os
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import httpx

from local import topology
from local.topology import Ports
from testing.chaos.fork_server import ForkedProcess, ForkServer
from testing.chaos.shifted_clock import write_offset
from testing.compatibility.history import Checkout
from testing.processes import find_free_port
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST
from testing.services.proxy_processes import wait_until

SERVICES: Mapping[str, str] = {
    "ingest": "ingest",
    "indexer-1": "indexer",
    "indexer-2": "indexer",
    "publisher": "publisher",
    "catalog": "catalog",
    "web": "web",
    "proxy": "proxy",
    "upload": "upload",
}
"""Service of each member."""
_QUICK = {"CATALOG_INTERVAL": "1", "TOKENS_REFRESH": "1", "LISTING_TIMEOUT": "2"}
"""Shorter times than in production, where the meaning stays."""
_KEPT = ("PATH", "HOME", "LANG")


class ServiceProcess(Protocol):
    """Process of a service that can be killed, halted and started again."""

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def halt(self) -> None: ...
    def resume(self) -> None: ...
    def end(self) -> None: ...
    def is_running(self) -> bool: ...


@dataclass
class ServiceMember:
    """One service in a process, of this or of the previous release.

    A kill, halt, start or resume in a state without effect on it does nothing, so that events can
    overlap.
    """

    name: str
    url: str
    current: ServiceProcess
    previous: ServiceProcess | None
    clock: Path
    """File with the offset of the clock."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _active: ServiceProcess | None = field(default=None, repr=False)
    _selected: ServiceProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process of the selected release, unless it runs."""
        with self._lock:
            if self._active is None:
                self._active = self._selected or self.current
                self._active.start()

    def kill(self) -> None:
        """Send SIGKILL to the process and its children."""
        with self._lock:
            if self._active is not None:
                self._active.kill()
                self._active = None

    def halt(self) -> None:
        """Send SIGSTOP: the process pauses, and its connections stay open."""
        with self._lock:
            if self._active is not None:
                self._active.halt()

    def resume(self) -> None:
        """Send SIGCONT."""
        with self._lock:
            if self._active is not None:
                self._active.resume()

    def replace(self, *, previous: bool) -> None:
        """End the process by SIGTERM, as a rollout does, and start one of the other release."""
        with self._lock:
            self.end()
            self._selected = self.previous if previous else None
            self.start()

    def end(self) -> None:
        """Send SIGTERM, and wait for the end."""
        with self._lock:
            if self._active is not None:
                self._active.end()
                self._active = None

    def shift_clock(self, seconds: float) -> None:
        """Let the clock jump to ``seconds`` from the real time."""
        write_offset(self.clock, seconds)

    def await_answer(self, path: str, patience: float) -> None:
        """Wait until a GET request succeeds, for at most ``patience`` seconds."""
        wait_until(
            partial(_has_success, f"{self.url}{path}"), f"{self.name} answers {path}", patience
        )

    @property
    def has_died(self) -> bool:
        """Whether the process has ended by itself."""
        return self._active is not None and not self._active.is_running()


@dataclass(frozen=True)
class BackendAddresses:
    """Addresses of the stand-ins, and settings that all services share."""

    storage: str
    """URL."""
    pubsub: str
    """``host:port``."""
    ports: Ports
    settings: Mapping[str, str]


def make_members(
    folder: Path,
    backends: BackendAddresses,
    server: ForkServer,
    checkout: Checkout | None,
    shifted: Collection[str],
) -> dict[str, ServiceMember]:
    """Return all members by name, without a start.

    :param checkout: code of the previous release; None: no member has it.
    :param shifted: names of the members with a clock that can jump.
    """
    ports = {name: getattr(backends.ports, service) for name, service in SERVICES.items()}
    ports["indexer-2"] = find_free_port()
    return {
        name: _make_member(name, port, folder, backends, server, checkout, name in shifted)
        for name, port in ports.items()
    }


def _make_member(
    name: str,
    port: int,
    folder: Path,
    backends: BackendAddresses,
    server: ForkServer,
    checkout: Checkout | None,
    is_shifted: bool,
) -> ServiceMember:
    service, clock = SERVICES[name], folder / f"{name}.clock"
    module = topology.SERVICES[service]
    settings = {
        **topology.build_service_environment(service, backends.ports),
        **_QUICK,
        **backends.settings,
        "PORT": str(port),
        "STORAGE_EMULATOR_HOST": backends.storage,
        "PUBSUB_EMULATOR_HOST": backends.pubsub,
    }
    log = folder / f"{name}.log"
    current: ServiceProcess = ForkedProcess(server, module, log, settings)
    if is_shifted:
        shift = ("testing.chaos.shifted_clock", str(clock))
        current = RestartableProcess(*shift, module, log=log, environment=settings)
    previous = None
    if checkout is not None and checkout.has_module(module):
        environment = checkout.make_environment(settings) | {"PYTHONWARNINGS": "default"}
        previous = RestartableProcess(module, log=log, environment=environment)
    return ServiceMember(name, f"http://{HOST}:{port}", current, previous, clock)


def make_command_environment(checkout: Checkout, backends: BackendAddresses) -> dict[str, str]:
    """Return the environment of a job such as ``python -m publisher rebuild``."""
    settings = {
        **topology.build_service_environment("publisher", backends.ports),
        **backends.settings,
        "STORAGE_EMULATOR_HOST": backends.storage,
        "PUBSUB_EMULATOR_HOST": backends.pubsub,
    }
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | checkout.make_environment(settings)


def _has_success(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
