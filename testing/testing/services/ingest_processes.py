"""Processes of ingest on the strict Cloud Storage and the built-in Pub/Sub, with hooks.

Storage and Pub/Sub run in threads of the test, which can watch and stop every operation. Ingest
runs in separate processes, which the test can kill.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

import grpc
from google.pubsub_v1.types import Topic

from local import topology
from local.stand_ins.grpc_server import StatusError, start
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub.servicer import Servicer
from local.stand_ins.pubsub_messages import PubsubMessage
from testing.processes import Process, find_free_port
from testing.services.push_sender import send_push
from testing.storage import FakeStorage, StorageServer

HOST = "127.0.0.1"
START = 60.0
"""Timeout of the first response, in seconds, on a shared machine."""

Step = Callable[[str], None]
"""Hook, called with the name of the step."""


class WatchedBroker(Broker):
    """The topics, with a hook before and after each publication."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Step | None = None
        self.after: Step | None = None
        self.published: list[tuple[str, bytes]] = []
        for topic in topology.TOPICS:
            self.create_topic(Topic(name=f"projects/{topology.GCP_PROJECT}/topics/{topic}"))

    def publish(self, topic: str, messages: Sequence[PubsubMessage], now: float) -> list[str]:
        name = topic.rpartition("/")[2]
        if self.before is not None:
            self.before(f"publish {name}")
        ids = super().publish(topic, messages, now)
        self.published += [(name, message.data) for message in messages]
        if self.after is not None:
            self.after(f"publish {name}")
        return ids


def unavailable_error() -> StatusError:
    """Return the error of a publication that a hook stops."""
    return StatusError(grpc.StatusCode.UNAVAILABLE, "stopped")


@contextmanager
def serve_broker(broker: Broker) -> Iterator[str]:
    """Serve the broker from a thread; yield ``host:port``."""
    ready, stop = threading.Event(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        server, port = await start(f"{HOST}:0", *Servicer(broker).make_handlers())
        ports.append(port)
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        await server.stop(grace=0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="pubsub")
    thread.start()
    try:
        assert ready.wait(START)
        yield f"{HOST}:{ports[0]}"
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True)
class Instance:
    """One process of ingest."""

    pid: int
    port: int

    def push(self, data: bytes, message_id: str = "1", **attributes: str) -> int:
        """Deliver a message; return the status, or 0 if the process died."""
        address, subscription = (HOST, self.port), "ingest-file-uploaded"
        try:
            return send_push(
                address, subscription, data, message_id=message_id, attributes=attributes
            ).status
        except ConnectionError:
            return 0

    def await_ready(self) -> None:
        give_up = time.monotonic() + START
        while True:
            connection = HTTPConnection(HOST, self.port, timeout=5)
            try:
                connection.request("GET", "/health")
                connection.getresponse()
                return
            except OSError:
                assert time.monotonic() < give_up, f"{self} does not answer"
                time.sleep(0.02)
            finally:
                connection.close()

    def kill(self) -> None:
        """Kill the process, and return when it has ended."""
        os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.001)


@dataclass
class IngestProcesses:
    """The storage and the broker of ingest's processes, and their fork server."""

    storage: FakeStorage
    broker: WatchedBroker
    environment: dict[str, str]
    _fork_server: Process | None = field(default=None, repr=False)

    def reset(self) -> None:
        """Remove all objects, messages and hooks."""
        self.broker.before = self.broker.after = None
        self.broker.published.clear()
        self.storage.reset()
        for name in topology.BUCKETS.values():
            self.storage.create_bucket(name)

    def spawn(self) -> Instance:
        """Start a process of ingest; it is not ready yet."""
        assert self._fork_server is not None
        assert self._fork_server.stdin is not None
        assert self._fork_server.stdout is not None
        port = find_free_port()
        self._fork_server.stdin.write(f"{port}\n".encode())
        self._fork_server.stdin.flush()
        return Instance(int(self._fork_server.stdout.readline()), port)


@contextmanager
def run_ingest(log: IO[bytes]) -> Iterator[IngestProcesses]:
    """Start storage, Pub/Sub and the fork server."""
    broker = WatchedBroker()
    with StorageServer() as server, serve_broker(broker) as pubsub:
        environment = make_ingest_environment(server.url, pubsub)
        command = [sys.executable, "-m", "testing.services.ingest_fork_server"]
        pipe = subprocess.PIPE
        with Process(
            command, environment=environment, stdin=pipe, stdout=pipe, stderr=log
        ) as fork_server:
            processes = IngestProcesses(server.storage, broker, environment, fork_server)
            processes.reset()
            yield processes


def make_ingest_environment(storage: str, pubsub: str) -> dict[str, str]:
    """Return the settings of ingest, and the few variables of the environment that it needs.

    The environment of a container is as small. The library requests reads all of it per request.
    """
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        **topology.BUCKETS,
        "GCP_PROJECT": topology.GCP_PROJECT,
        "HOST": HOST,
        "PYTHONWARNINGS": "error",
        "STORAGE_EMULATOR_HOST": storage,
        "PUBSUB_EMULATOR_HOST": pubsub,
    }
