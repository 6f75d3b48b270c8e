"""Processes of ingest, indexer, publisher and web, of one or more releases, on one storage.

Storage and Pub/Sub run in threads of the caller. Each message goes to one of the processes of its
service, chosen at random, until a process acknowledges it.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from random import Random

from local import topology
from local.stand_ins.leased_messages import LeasedMessages, connect_subscriber
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub_messages import PubsubMessage
from local.stand_ins.relay import Post, Relay, make_post, make_session
from schemas.push import Message
from testing.compatibility.history import Checkout
from testing.processes import Process, find_free_ports
from testing.services.fleet import HOST, await_answer
from testing.services.ingest_processes import serve_broker
from testing.services.pubsub_client import PARENT, PubSub
from testing.storage import FakeStorage, StorageServer

WORKERS = ("ingest", "indexer", "publisher", "web")
SCALE = 0.005
"""Factor of the back-off in production: 0.05 s to 3 s."""
PATIENCE = 900.0
"""Seconds after which the deliveries count as endless, on a shared machine."""


class RecordingBroker(Broker):
    """Pub/Sub that keeps all published messages, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, bytes]] = []

    def publish(self, topic: str, messages: Sequence[PubsubMessage], now: float) -> list[str]:
        name = topic.rpartition("/")[2]
        self.published += [(name, message.data) for message in messages]
        return super().publish(topic, messages, now)

    def count_waiting(self) -> int:
        """Return the number of messages that no service has acknowledged; ignore dead letters."""
        names = (f"{PARENT}/subscriptions/{each.name}" for each in topology.SUBSCRIPTIONS)
        return sum(len(self.backlogs[name]) for name in names)


@dataclass(frozen=True)
class Worker:
    """Process of one service of one release."""

    service: str
    version: str
    url: str


def post_to_random_worker(
    post: Post, workers: Sequence[Worker], random: Random, served: Counter[tuple[str, str]]
) -> Post:
    """Return a function that posts to a random one of several processes."""

    async def choose_and_post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
        worker = random.choice(workers)
        status = await post(f"{worker.url}{path}", body, headers)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            served[worker.service, worker.version] += 1
        return status

    return choose_and_post


@dataclass
class MixedServices:
    """Running processes, their storage and their Pub/Sub."""

    storage: FakeStorage
    broker: RecordingBroker
    pubsub: PubSub
    address: str
    """``host:port`` of Pub/Sub."""
    workers: Sequence[Worker]
    settings: Mapping[str, str]
    random: Random
    served: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Acknowledged messages by service and version."""

    def deliver(self, messages: Sequence[Message], only: str | None = None) -> None:
        """Publish messages, and return when no message of the topology is left.

        :param only: version of the processes that receive messages; None: all versions.
        """
        asyncio.run(self._deliver(lambda: self.pubsub.publish(messages), only))

    def run_command(
        self, checkout: Checkout, *command: str, publishes: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``python -m <command>`` of a release, and deliver its messages to the services.

        :param publishes: False if the command announces nothing.
        """
        done = list["subprocess.CompletedProcess[str]"]()

        def run() -> None:
            environment = checkout.make_environment(self.settings)
            words = [sys.executable, "-m", *command]
            done.append(
                subprocess.run(
                    words,
                    env=environment,
                    cwd=checkout.folder,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            )

        if publishes:
            asyncio.run(self._deliver(run, checkout.release.version))
        else:
            run()
        return done[0]

    async def _deliver(self, publish: Callable[[], None], only: str | None) -> None:
        client = connect_subscriber(self.address)
        async with make_session(topology.ACK_DEADLINE) as http:
            relays = []
            for each in topology.SUBSCRIPTIONS:
                path = f"{PARENT}/subscriptions/{each.name}"
                messages = LeasedMessages(client, path, topology.ACK_DEADLINE)
                post = self._choose_post(make_post(http), each.service, only)
                # One run of the catalog answers all waiting pushes: let many of them wait.
                window = 2000 if each.service == "catalog" else topology.WINDOW
                relays.append(Relay(messages, post, each.path, scale=SCALE, window=window))
            delivering = asyncio.gather(*(relay.run() for relay in relays))
            try:
                await asyncio.to_thread(publish)
                await self._settle()
            finally:
                delivering.cancel()
                with suppress(asyncio.CancelledError):
                    await delivering

    def _choose_post(self, post: Post, service: str, only: str | None) -> Post:
        mine = "publisher" if service == "catalog" else service
        workers = [worker for worker in self.workers if worker.service == mine]
        if mine != "web":  # 0.1.0 and 0.2.0 do not have it: the newer one gets all its messages
            workers = [worker for worker in workers if only in (None, worker.version)]
        return post_to_random_worker(post, workers, self.random, self.served)

    async def _settle(self) -> None:
        """Wait for the last message: a service publishes before it acknowledges."""
        give_up = time.monotonic() + PATIENCE
        while waiting := self.broker.count_waiting():
            assert time.monotonic() < give_up, f"{waiting} messages after {PATIENCE:.0f} s"
            await asyncio.sleep(0.1)


@contextmanager
def run_mixed_services(
    checkouts: Sequence[Checkout], log: Path, random: Random, write_interval: float = 0.0
) -> Iterator[MixedServices]:
    """Start the processes of all releases; end them in reverse order."""
    storage, broker = FakeStorage(write_interval=write_interval), RecordingBroker()
    for name in topology.BUCKETS.values():
        storage.create_bucket(name, versioning=name in (topology.METADATA, topology.STATIC))
    places = [
        (checkout, service)
        for checkout in checkouts
        for service in WORKERS
        if checkout.has_module(topology.SERVICES[service])
    ]
    ports = find_free_ports(len(places))
    with (
        StorageServer(storage) as server,
        serve_broker(broker) as address,
        log.open("wb") as output,
        ExitStack() as stack,
    ):
        settings = _make_settings(server.url, address)
        workers = []
        for (checkout, service), port in zip(places, ports, strict=True):
            environment = checkout.make_environment({**settings, "PORT": str(port)})
            command = [sys.executable, "-m", topology.SERVICES[service]]
            process = Process(
                command,
                environment=environment,
                folder=checkout.folder,
                stdout=output,
                stderr=output,
            )
            stack.enter_context(process)
            workers.append(Worker(service, checkout.release.version, f"http://{HOST}:{port}"))
        for worker in workers:
            await_answer(f"{worker.url}/ready")
        yield MixedServices(storage, broker, PubSub(address), address, workers, settings, random)


def _make_settings(storage: str, pubsub: str) -> Mapping[str, str]:
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        **topology.BUCKETS,
        "GCP_PROJECT": topology.GCP_PROJECT,
        "UPLOADERS": '{"ci": ["*"]}',
        "HOST": HOST,
        "LOG_LEVEL": "WARNING",
        "CATALOG_INTERVAL": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "STORAGE_EMULATOR_HOST": storage,
        "PUBSUB_EMULATOR_HOST": pubsub,
    }
