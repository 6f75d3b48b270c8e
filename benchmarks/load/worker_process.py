"""A worker in a process, on a strict Cloud Storage and a Pub/Sub in threads of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import topology
from testing.processes import find_free_port
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST, await_answer
from testing.services.ingest_processes import (
    WatchedBroker,
    make_ingest_environment,
    serve_broker,
)
from testing.services.proxy_processes import HttpResponse
from testing.services.push_sender import send_push
from testing.storage import FakeStorage, StorageServer


@dataclass(frozen=True)
class WorkerProcess:
    """A running worker and its storage."""

    process: RestartableProcess
    port: int
    storage: FakeStorage

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.process.pid

    def push(self, subscription: str, data: bytes) -> HttpResponse:
        """Deliver a message, as Pub/Sub does."""
        return send_push((HOST, self.port), subscription, data)


@contextmanager
def run_worker(
    service: str, folder: Path, storage: FakeStorage, **settings: str
) -> Iterator[WorkerProcess]:
    """Start a worker; yield it when it is ready."""
    port = find_free_port()
    with StorageServer(storage) as server, serve_broker(WatchedBroker()) as pubsub:
        environment = make_ingest_environment(server.url, pubsub)
        process = RestartableProcess(
            topology.SERVICES[service],
            log=folder / service,
            environment={**environment, "PORT": str(port), **settings},
        )
        try:
            process.start()
            await_answer(f"http://{HOST}:{port}/ready")
            yield WorkerProcess(process, port, storage)
        finally:
            process.end()
