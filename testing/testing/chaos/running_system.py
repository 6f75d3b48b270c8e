"""The whole system as processes that a test can kill, halt, restart and replace.

The services, Secret Manager and the signer are processes. Cloud Storage, Pub/Sub and its relay run
in threads of the test, because they stand for services of Google that do not die.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from local import topology
from testing.chaos.faulty_pubsub import FaultyBroker
from testing.chaos.fork_server import ForkServer
from testing.chaos.push_delivery import PushDelivery
from testing.chaos.service_members import (
    SERVICES,
    BackendAddresses,
    ServiceMember,
    make_command_environment,
    make_members,
)
from testing.chaos.stand_in_processes import SystemTokens, start_stand_ins
from testing.chaos.system_clients import Notifier, UploadClient, is_file_absent
from testing.chaos.system_state import SystemState, UploadAnswer, WriteCounter, read_bucket
from testing.compatibility.history import Checkout
from testing.processes.restartable import RestartableProcess
from testing.services.ingest_processes import serve_broker
from testing.services.proxy_processes import wait_until
from testing.services.runtime_ports import find_runtime_ports
from testing.storage import FakeStorage, StorageServer

PATIENCE = 900.0
"""Seconds after which the deliveries count as endless, on a shared machine."""
GRACE = "600"
"""Seconds of the setting ``COMMAND_GRACE``, as in production."""
QUIET = 2.0
"""Seconds without a waiting message after which the system has settled."""


@dataclass
class RunningSystem:
    """The members, their storage and their Pub/Sub."""

    folder: Path
    storage: FakeStorage
    broker: FaultyBroker
    delivery: PushDelivery
    backends: BackendAddresses
    members: Mapping[str, ServiceMember]
    secrets: RestartableProcess
    tokens: SystemTokens
    notifier: Notifier
    writes: WriteCounter = field(default_factory=WriteCounter)
    """Writes to the buckets of verdicts and packages."""
    answers: list[UploadAnswer] = field(default_factory=list)
    """Final answers of the upload service."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when the test ends: uploads are no longer repeated."""

    @property
    def index_url(self) -> str:
        """URL of the index, which ends in ``/simple/``."""
        return topology.build_index_url(self.backends.ports)

    def put_object(
        self, bucket: str, name: str, data: bytes, *, copies: int = 1, notify: bool = True
    ) -> int:
        """Create an object as CI does; return its generation.

        :param copies: deliveries of the notification.
        :param notify: False if the bucket sends no notification for this object.
        """
        self.notifier.copies[name] = copies if notify else 0
        return self.storage.insert(bucket, name, data).generation

    def publish(self, topic: str, data: bytes, copies: int = 1) -> str:
        """Publish a message as CI or an operator does; return its id.

        :param copies: number of its deliveries.
        """
        return self.notifier.publish(topic, data, {}, copies)

    def upload_by_service(self, path: str, data: bytes) -> UploadAnswer:
        """Upload a file through the upload service; return its final answer.

        :param path: ``<uploader>/<anything>/<file name>``; the service chooses the run id.
        """
        client = UploadClient(topology.build_upload_url(self.backends.ports), self.stopped)
        answer = client.upload(path, data, self.tokens.publish[path.partition("/")[0]])
        self.answers.append(answer)
        return answer

    def await_ready(self) -> None:
        """Wait until each member answers, also on a slow machine."""
        for member in self.members.values():
            member.await_answer("/ready", PATIENCE)

    def await_read_side(self) -> None:
        """Wait until the proxy has read its tokens and its list of blocked files."""
        is_absent = partial(is_file_absent, self.index_url, self.tokens.read)
        wait_until(is_absent, "the proxy answers 404 for an absent file", PATIENCE)

    def is_idle(self) -> bool:
        """Return whether no message waits for a service."""
        return self.notifier.count_waiting() == 0 and self.broker.count_waiting() == 0

    def await_settled(self) -> float:
        """Wait until no message is left for some time; return the seconds until the last one."""
        started = busy = time.monotonic()
        while time.monotonic() - busy < QUIET:
            if not self.is_idle():
                busy = time.monotonic()
            assert busy - started < PATIENCE, (
                f"messages after {PATIENCE:.0f} s: {self.describe_waiting()}"
            )
            time.sleep(0.1)
        return busy - started

    def describe_waiting(self) -> Mapping[str, int]:
        """Return the number of waiting messages by subscription."""
        backlogs = self.broker.backlogs.items()
        return {name.rpartition("/")[2]: len(each) for name, each in backlogs if len(each)}

    def run_command(self, checkout: Checkout, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run ``python -m <command>`` of a release, as a job of an operator."""
        return subprocess.run(
            [sys.executable, "-m", *command],
            env=make_command_environment(checkout, self.backends),
            cwd=checkout.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def snapshot(self) -> SystemState:
        """Return the present state."""
        return SystemState(
            buckets={name: read_bucket(self.storage, name) for name in topology.BUCKETS.values()},
            published=list(self.broker.published),
            dead_letters=self.broker.list_dead_letters(),
            upload_answers=list(self.answers),
            rewritten=self.writes.list_rewritten(),
        )


@dataclass(frozen=True)
class SystemOptions:
    """Options of a system."""

    seed: int
    uploaders: Mapping[str, object]
    """Setting ``UPLOADERS``."""
    service_users: Mapping[str, Sequence[str]]
    """Globs of the projects of each publishing token, by uploader."""
    checkout: Checkout | None = None
    """Code of the previous release, if a member can be replaced by it."""
    shifted: Collection[str] = ()
    """Names of the members with a clock that can jump."""
    write_interval: float = 1.0
    """Seconds between two writes to one object; about 1 in Cloud Storage."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of all services."""


@contextmanager
def run_system(folder: Path, options: SystemOptions) -> Iterator[RunningSystem]:
    """Start all processes; yield the system when they are ready; end them in reverse order."""
    storage = _create_storage(options)
    broker = FaultyBroker(_make_random("pubsub", options))
    with (
        StorageServer(storage) as server,
        serve_broker(broker) as address,
        ExitStack() as processes,
    ):
        settings = {
            "UPLOADERS": json.dumps(options.uploaders),
            "COMMAND_GRACE": GRACE,
            **options.settings,
        }
        backends = BackendAddresses(server.url, address, find_runtime_ports(), settings)
        secrets, tokens = start_stand_ins(processes, folder, backends.ports, options.service_users)
        forks = processes.enter_context(ForkServer(folder / "fork_server.log"))
        members = make_members(folder, backends, forks, options.checkout, options.shifted)
        for member in members.values():
            processes.callback(member.end)
            member.start()
        delivery = PushDelivery(address, _list_endpoints(members), _make_random("push", options))
        notifier = Notifier(address, broker)
        storage.on_finalize[topology.INCOMING] = [notifier.notify]
        system = RunningSystem(
            folder, storage, broker, delivery, backends, members, secrets, tokens, notifier
        )
        for name in (topology.VERDICTS, topology.PACKAGES):
            storage.on_finalize[name] = [system.writes.count_write]
        processes.callback(system.stopped.set)
        system.await_ready()
        with notifier.run(), delivery.run():
            yield system


def _make_random(purpose: str, options: SystemOptions) -> Random:
    return Random(f"{purpose} {options.seed}")  # noqa: S311 - repeatable


def _create_storage(options: SystemOptions) -> FakeStorage:
    storage = FakeStorage(write_interval=options.write_interval)
    storage.faults.clear(options.seed)
    for name in topology.BUCKETS.values():
        storage.create_bucket(name, versioning=name in (topology.METADATA, topology.STATIC))
    return storage


def _list_endpoints(members: Mapping[str, ServiceMember]) -> Mapping[str, list[str]]:
    """Return the URLs of the members by service."""
    endpoints: dict[str, list[str]] = {}
    for name, service in SERVICES.items():
        endpoints.setdefault(service, []).append(members[name].url)
    return endpoints
