"""The strict Cloud Storage and the built-in Pub/Sub around ingest's processes, with hooks to kill.

Storage and Pub/Sub run in threads of the test, which sees and stops every operation; ingest runs in
processes of its own, which can be killed for good.
"""

import asyncio
import base64
import json
import os
import signal
import socket
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
from google.pubsub_v1.types import PubsubMessage, Topic

from local import layout
from local.stand_ins.grpc_server import Refused, start
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub.server import Server
from testing.processes import Process
from testing.storage import Storage, StorageServer

HOST = "127.0.0.1"
START = 60.0
"""Seconds a process may take to answer, on a machine that is shared."""

Step = Callable[[str], None]
"""Called with what is about to happen, or happened."""


class WatchedBroker(Broker):
    """The topics, with a hook before and after a message is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Step | None = None
        self.after: Step | None = None
        self.published: list[tuple[str, bytes]] = []
        for topic in layout.TOPICS:
            self.create_topic(Topic(name=f"projects/{layout.PROJECT}/topics/{topic}"))

    def publish(self, topic: str, messages: Sequence[PubsubMessage], now: float) -> list[str]:
        name = topic.rpartition("/")[2]
        if self.before is not None:
            self.before(f"publish {name}")
        ids = super().publish(topic, messages, now)
        self.published += [(name, message.data) for message in messages]
        if self.after is not None:
            self.after(f"publish {name}")
        return ids


def unavailable() -> Refused:
    """What whoever publishes gets where a hook stops the message."""
    return Refused(grpc.StatusCode.UNAVAILABLE, "stopped")


@contextmanager
def served(broker: Broker) -> Iterator[str]:
    """Serve it from a thread; yield ``host:port``."""
    ready, stop = threading.Event(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        server, port = await start(f"{HOST}:0", *Server(broker).handlers())
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
        """Deliver a message; return the status, 0 if the process died over it."""
        message = {
            "data": base64.b64encode(data).decode(),
            "messageId": message_id,
            "publishTime": "2026-11-24T12:00:00Z",
            "attributes": attributes,
        }
        subscription = "ingest-file-uploaded"
        body = json.dumps({"message": message, "subscription": subscription})
        connection = HTTPConnection(HOST, self.port, timeout=600)
        try:
            connection.request("POST", f"/push/{subscription}", body)
            return connection.getresponse().status
        except ConnectionError:
            return 0
        finally:
            connection.close()

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
        """End it at once, and return when it is no more."""
        os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.001)


@dataclass
class IngestProcesses:
    """What ingest's processes stand on."""

    storage: Storage
    broker: WatchedBroker
    environment: dict[str, str]
    _nursery: Process | None = field(default=None, repr=False)

    def reset(self) -> None:
        """Forget all objects, messages and hooks."""
        self.broker.before = self.broker.after = None
        self.broker.published.clear()
        self.storage.reset()
        for name in layout.BUCKETS.values():
            self.storage.create_bucket(name)

    def spawn(self) -> Instance:
        """Start a process of ingest; it may not be ready yet."""
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        port = free_port()
        self._nursery.stdin.write(f"{port}\n".encode())
        self._nursery.stdin.flush()
        return Instance(int(self._nursery.stdout.readline()), port)


@contextmanager
def world(log: IO[bytes]) -> Iterator[IngestProcesses]:
    """Start storage, Pub/Sub and the nursery."""
    broker = WatchedBroker()
    with StorageServer() as server, served(broker) as pubsub:
        environment = ingest_environment(server.url, pubsub)
        command = [sys.executable, "-m", "testing.services.ingest_nursery"]
        pipe = subprocess.PIPE
        with Process(
            command, environment=environment, stdin=pipe, stdout=pipe, stderr=log
        ) as nursery:
            built = IngestProcesses(server.storage, broker, environment, nursery)
            built.reset()
            yield built


def ingest_environment(storage: str, pubsub: str) -> dict[str, str]:
    """The settings of an ingest that stands on these; nothing else of our environment.

    A container's is as small, and requests goes through all of it at each request.
    """
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        **layout.BUCKETS,
        "PROJECT": layout.PROJECT,
        "HOST": HOST,
        "PYTHONWARNINGS": "error",
        "STORAGE_EMULATOR_HOST": storage,
        "PUBSUB_EMULATOR_HOST": pubsub,
    }


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
