"""A worker in a process, with a storage that holds one operation back during the shutdown."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local import topology
from testing.processes import find_free_port
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST, await_answer
from testing.services.ingest_processes import WatchedBroker, make_ingest_environment, serve_broker
from testing.services.proxy_processes import wait_until
from testing.services.push_sender import send_push
from testing.storage import FakeStorage, StorageServer

PATIENCE = 600.0
"""Seconds after which a test fails instead of waiting longer."""


@dataclass
class HeldOperation:
    """Storage operation that waits until the test releases it."""

    operation: str
    bucket: str
    begun: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def hold(self, operation: str, bucket: str, name: str) -> None:
        """Hook of the storage."""
        if (operation, bucket) == (self.operation, self.bucket):
            self.begun.set()
            self.released.wait(PATIENCE)


@dataclass(frozen=True)
class StoppingWorker:
    """A worker, its storage and its topics."""

    process: RestartableProcess
    port: int
    storage: FakeStorage
    broker: WatchedBroker
    threads: ThreadPoolExecutor
    _held: list[HeldOperation] = field(default_factory=list)

    def start(self) -> None:
        """Start the process, and return when it is ready."""
        self.process.start()
        await_answer(f"http://{HOST}:{self.port}/ready")

    def push(self, subscription: str, data: bytes) -> "Future[int]":
        """Deliver a message in a thread; the result is the status, or 0 without a response."""
        return self.threads.submit(self._push, subscription, data)

    def begin_shutdown(self) -> None:
        """Send SIGTERM, and return when the process accepts no connection."""
        self.process.process.terminate()
        wait_until(self._is_closed, "the worker accepts no connection", PATIENCE)

    def hold(self, operation: str, bucket: str) -> HeldOperation:
        """Hold an operation back from now on."""
        held = HeldOperation(operation, bucket)
        self._held.append(held)
        self.storage.before = held.hold
        return held

    def release_all(self) -> None:
        """Let all operations continue, also after a failure of the test."""
        self.storage.before = None
        for held in self._held:
            held.released.set()

    def list_published(self, topic: str) -> list[bytes]:
        """Return the messages on a topic."""
        return [data for name, data in self.broker.published if name == topic]

    def _push(self, subscription: str, data: bytes) -> int:
        try:
            return send_push((HOST, self.port), subscription, data, timeout=PATIENCE).status
        except OSError:  # the connection ended without a response
            return 0

    def _is_closed(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((HOST, self.port)) != 0


@contextmanager
def run_worker(
    module: str, directory: Path, prepare: Callable[[FakeStorage], object]
) -> Iterator[StoppingWorker]:
    """Start a worker; yield it when it is ready.

    :param prepare: function that writes the objects that the worker needs.
    """
    broker, port = WatchedBroker(), find_free_port()
    with (
        StorageServer() as server,
        serve_broker(broker) as pubsub,
        ThreadPoolExecutor(4) as threads,
    ):
        for name in topology.BUCKETS.values():
            server.storage.create_bucket(name)
        prepare(server.storage)
        settings = {"PORT": str(port), "CATALOG_INTERVAL": "0"}
        environment = make_ingest_environment(server.url, pubsub) | settings
        process = RestartableProcess(module, log=directory / "log", environment=environment)
        worker = StoppingWorker(process, port, server.storage, broker, threads)
        try:
            worker.start()
            yield worker
        finally:
            worker.release_all()
            process.end()
