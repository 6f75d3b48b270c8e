"""Replay of dead letters, killed (SIGKILL) at random moments.

Cloud Storage's notifications of 50 uploads become dead letters by refused deliveries. The program
``python -m ingest replay`` is killed several times, and then runs to its end. The republished
messages are delivered to the services in memory. Then all files are on their pages, and the
dead-letter subscription is empty.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from google.cloud.pubsub_v1 import SubscriberClient
from google.pubsub_v1.types import DeadLetterPolicy, Subscription

from cloud import pubsub
from cloud.forwarding.messages import PulledMessage, RawMessage
from cloud.forwarding.raw_pubsub import PubsubPullSubscription, PubsubRawTopic, connect_subscriber
from ingest.repair.leases import LEASE
from schemas.events import FileUploaded
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import Process
from testing.services.ingest_processes import make_ingest_environment
from testing.services.pipeline import BUCKETS, Pipeline
from testing.services.pubsub_emulator import PUBSUBS, PubsubUnavailable, run_pubsub
from testing.storage import FakeStorage, make_finalize_attributes, make_payload

GCP_PROJECT = "gcpypi-local"
TOPIC, UPLOADS = "file-uploaded", "ingest-file-uploaded"
LETTERS = f"{UPLOADS}-dead-letter"
FILES = 50
KILLS = 4
ATTEMPTS = 5
"""Deliveries before a message becomes a dead letter: the minimum, to be fast."""
GUARD = 300.0
"""Seconds until a test that hangs ends."""


@pytest.fixture(params=PUBSUBS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a running Pub/Sub."""
    try:
        with run_pubsub(request.param) as address:
            yield address
    except PubsubUnavailable as reason:
        pytest.skip(str(reason))


@dataclass(frozen=True)
class Queues:
    """Topic of uploads, its subscription, and the subscription of its dead letters."""

    topic: PubsubRawTopic
    uploads: PubsubPullSubscription
    letters: PubsubPullSubscription


@pytest.fixture
def queues(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    publisher = pubsub.connect()
    for name in (TOPIC, LETTERS):
        publisher.create_topic(name=publisher.topic_path(GCP_PROJECT, name))
    with connect_subscriber() as subscriber:
        policy = DeadLetterPolicy(
            dead_letter_topic=publisher.topic_path(GCP_PROJECT, LETTERS),
            max_delivery_attempts=ATTEMPTS,
        )
        subscribe(subscriber, UPLOADS, TOPIC, policy)
        subscribe(subscriber, LETTERS, LETTERS, None)
        yield Queues(
            PubsubRawTopic(publisher, GCP_PROJECT, TOPIC),
            PubsubPullSubscription(subscriber, GCP_PROJECT, UPLOADS),
            PubsubPullSubscription(subscriber, GCP_PROJECT, LETTERS),
        )
    publisher.stop()


def subscribe(
    client: SubscriberClient, name: str, topic: str, policy: DeadLetterPolicy | None
) -> None:
    """Create a subscription.

    Its deadline is that of a lease, because the program can be killed between its pull and the
    change of the deadline. In production the letter then comes back after 600 s.
    """
    client.create_subscription(
        request=Subscription(
            name=client.subscription_path(GCP_PROJECT, name),
            topic=f"projects/{GCP_PROJECT}/topics/{topic}",
            ack_deadline_seconds=LEASE,
            dead_letter_policy=policy,
        )
    )


@pytest.fixture
def storage() -> FakeStorage:
    storage = FakeStorage()
    for bucket in BUCKETS:
        storage.create_bucket(bucket)
    return storage


def upload_all(storage: FakeStorage) -> list[RawMessage]:
    """Upload the files of ten projects; return the notifications of Cloud Storage."""
    notifications = []
    for number in range(FILES):
        project, version = f"project_{number % 10}", f"1.{number}"
        name = f"acme/{number}/{wheel_filename(project, version)}"
        uploaded = storage.insert("incoming", name, build_wheel(project, version))
        payload = make_payload(uploaded.resource(storage.origin))
        notifications.append(RawMessage(payload, make_finalize_attributes(uploaded, None)))
    return notifications


def bury_all(queues: Queues, notifications: Sequence[RawMessage]) -> None:
    """Refuse each delivery until Pub/Sub itself has made dead letters of all notifications."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(queues.topic.publish, notifications))
    until = time.monotonic() + GUARD
    while pulled := queues.uploads.pull(100, 5):
        queues.uploads.extend([message.lease for message in pulled], 0)
        assert time.monotonic() < until


class ReplayProgram:
    """The program ``python -m ingest replay`` for the uploads."""

    def __init__(self, address: str) -> None:
        arguments = ["ingest", "replay", "--subscription", UPLOADS]
        self._command = [sys.executable, "-W", "error", "-m", *arguments]
        self._environment = make_ingest_environment("http://127.0.0.1:1", address)

    def run(self) -> str:
        """Run to the end; return the summary."""
        done = subprocess.run(
            self._command, env=self._environment, capture_output=True, text=True, timeout=GUARD
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def kill(self, lines: int, delay: float) -> int:
        """Kill the program ``delay`` seconds after a number of lines; return its lines."""
        pipe = subprocess.PIPE
        with Process(self._command, environment=self._environment, stdout=pipe) as process:
            assert process.stdout is not None
            printed = sum(1 for _ in zip(range(lines), process.stdout, strict=False))
            time.sleep(delay)
            process.kill()
            return printed + len(process.stdout.readlines())


def replay_all(program: ReplayProgram, queues: Queues) -> None:
    """Run the program until the dead-letter subscription is empty."""
    until = time.monotonic() + GUARD
    print(program.run())
    while left := queues.letters.pull(100, 5):
        queues.letters.extend([message.lease for message in left], 0)
        print(program.run())
        assert time.monotonic() < until, f"{len(left)} letters are left"
    assert program.run() == "replay: no dead letters\n"


def pull_all(subscription: PubsubPullSubscription) -> list[PulledMessage]:
    """Pull and acknowledge all messages."""
    found: list[PulledMessage] = []
    while pulled := subscription.pull(100, 5):
        subscription.acknowledge([message.lease for message in pulled])
        found += pulled
    return found


def list_files(storage: FakeStorage) -> set[str]:
    """Return the names of the uploaded files that the pages of their projects link."""
    pages = MemoryBucket("static", storage=storage)
    found = set()
    for number in range(FILES):
        project, version = f"project_{number % 10}", f"1.{number}"
        page = pages.read(f"simple/{project.replace('_', '-')}/index.html")
        if page is not None and wheel_filename(project, version).encode() in page.data:
            found.add(wheel_filename(project, version))
    return found


def test_all_files_are_on_their_pages_after_a_killed_replay(
    address: str, queues: Queues, storage: FakeStorage, request: pytest.FixtureRequest
) -> None:
    seed = f"20261128 {request.node.name}"
    print(f"seed {seed!r}")
    chance = random.Random(seed)  # noqa: S311 - no secret
    notifications = upload_all(storage)
    bury_all(queues, notifications)
    program = ReplayProgram(address)
    for _ in range(KILLS):
        lines, delay = chance.randrange(6), chance.uniform(0, 0.05)
        printed = program.kill(lines, delay if lines else chance.uniform(0, 3))
        print(f"killed {delay:.3f} s after line {lines}: {printed} lines")
    time.sleep(LEASE + 2)  # the letters of the killed programs are available again
    replay_all(program, queues)

    republished = [message.raw for message in pull_all(queues.uploads)]
    print(f"{len(republished)} messages for {FILES} uploads")
    assert {message.data for message in republished} == {each.data for each in notifications}
    assert all(message in notifications for message in republished)
    pipeline = Pipeline(lambda name: MemoryBucket(name, storage=storage))
    pipeline.run(*(FileUploaded.decode(message.data) for message in republished))
    assert pipeline.dead == []
    assert len(list_files(storage)) == FILES
