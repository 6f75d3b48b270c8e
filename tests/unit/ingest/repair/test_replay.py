"""Replay of dead letters (`ingest.repair.replay`), on Pub/Sub in memory."""

import json
import signal
import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cloud.errors import PermissionDenied, Unavailable
from cloud.forwarding.messages import RawMessage
from ingest.repair.interruption import catch_signals
from ingest.repair.leases import LEASE, Leases
from ingest.repair.replay import Replay, ReplaySource, is_missing
from schemas.events import ProjectCommand
from schemas.names import Filename
from schemas.records import ProjectRecord
from schemas.types import format_time
from testing.fakes.memory_pubsub import MemoryPubsub, MemoryRawTopic, MemorySubscription
from testing.services.memory_index import MemoryIndex

LETTERS = "ingest-file-uploaded-dead-letter"
TOPIC = "file-uploaded"
GUARD = 600.0
"""Seconds until a test that hangs ends."""


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def memory() -> MemoryPubsub:
    """Pub/Sub with a topic, its subscription, and a dead-letter topic with its subscription."""
    memory = MemoryPubsub()
    memory.create(TOPIC, "ingest-file-uploaded")
    memory.create(LETTERS, LETTERS)
    return memory


def make_source(memory: MemoryPubsub, kind: str = TOPIC, letters: str = LETTERS) -> ReplaySource:
    return ReplaySource(MemorySubscription(memory, letters), MemoryRawTopic(memory, kind), kind)


def make_replay(
    memory: MemoryPubsub,
    pool: Executor,
    lines: list[str],
    *,
    pattern: str | None = None,
    dry_run: bool = False,
    stop: threading.Event | None = None,
) -> Replay:
    """Return a replay by the clock of Pub/Sub."""
    stop = stop or threading.Event()
    return Replay(pool, lines.append, pattern, dry_run, stop, lambda: memory.seconds)


def post(memory: MemoryPubsub, *data: bytes) -> list[str]:
    added = {"CloudPubSubDeadLetterSourceDeliveryCount": "30", "eventType": "OBJECT_FINALIZE"}
    return [memory.publish(LETTERS, RawMessage(each, added)) for each in data]


def test_letters_are_published_with_data_and_attributes(
    memory: MemoryPubsub, pool: Executor
) -> None:
    data = [b'{\n  "name": "acme/1/%d"\n}\n' % number for number in range(50)]
    ids, lines = post(memory, *data), list[str]()
    counts, errors = make_replay(memory, pool, lines).run([make_source(memory)])
    assert (dict(counts), errors) == ({"replayed": 50}, [])
    found = memory.drain("ingest-file-uploaded")
    assert sorted(each.data for each in found) == sorted(data)
    assert all(each.attributes == {"eventType": "OBJECT_FINALIZE"} for each in found)
    assert memory.count(LETTERS) == 0
    assert sorted(line.split(" ", 2)[1] for line in lines) == sorted(
        f"{LETTERS}/{id}" for id in ids
    )


def test_without_letters_the_replay_ends_within_three_seconds(
    memory: MemoryPubsub, pool: Executor
) -> None:
    start = memory.seconds
    assert make_replay(memory, pool, []).run([make_source(memory)]) == ({}, [])
    assert memory.seconds - start <= 3


def test_a_letter_is_acknowledged_only_after_its_publication(
    memory: MemoryPubsub, pool: Executor
) -> None:
    post(memory, b"1", b"2")
    left: list[int] = []
    memory.on_publish = lambda topic, message: left.append(memory.count(LETTERS))
    with ThreadPoolExecutor(1) as one:
        make_replay(memory, one, []).run([make_source(memory)])
    assert left == [2, 1]


def test_a_failed_publication_keeps_the_letter_and_releases_it(
    memory: MemoryPubsub, pool: Executor
) -> None:
    post(memory, b"bad", b"good")

    def refuse(topic: str, message: RawMessage) -> None:
        if message.data == b"bad":
            raise Unavailable(topic)

    memory.on_publish = refuse
    counts, (error,) = make_replay(memory, pool, []).run([make_source(memory)])
    assert (dict(counts), type(error)) == ({"replayed": 1}, Unavailable)
    assert [each.data for each in memory.drain(LETTERS)] == [b"bad"]


def test_an_error_of_one_subscription_does_not_stop_the_others(
    memory: MemoryPubsub, pool: Executor
) -> None:
    other = "publisher-project-dead-letter"
    memory.create(other, other)
    memory.create("project-indexed")
    memory.publish(other, RawMessage(b"{}"))
    post(memory, b"1")

    def refuse(topic: str, message: RawMessage) -> None:
        if topic == TOPIC:
            raise PermissionDenied(topic)

    memory.on_publish = refuse
    sources = [make_source(memory), make_source(memory, "project-indexed", other)]
    counts, (error,) = make_replay(memory, pool, []).run(sources)
    assert (dict(counts), type(error)) == ({"replayed": 1}, PermissionDenied)
    assert (memory.count(LETTERS), memory.count(other)) == (1, 0)


def test_an_absent_subscription_is_told_from_an_absent_topic(
    memory: MemoryPubsub, pool: Executor
) -> None:
    post(memory, b"1")
    absent = make_source(memory, letters="web-project-dead-letter")
    (missing,) = make_replay(memory, pool, []).run([absent])[1]
    (wrong,) = make_replay(memory, pool, []).run([make_source(memory, "absent")])[1]
    assert (is_missing(missing), is_missing(wrong)) == (True, False)
    assert memory.count(LETTERS) == 1


def test_a_dry_run_changes_nothing(memory: MemoryPubsub, pool: Executor) -> None:
    ids, lines = post(memory, *(b"%d" % number for number in range(50))), list[str]()
    counts, errors = make_replay(memory, pool, lines, dry_run=True).run([make_source(memory)])
    assert (dict(counts), errors, len(lines)) == ({"replayed": 50}, [], 50)
    assert memory.count("ingest-file-uploaded") == 0
    again = MemorySubscription(memory, LETTERS).pull(100, 0)
    assert sorted(letter.message_id for letter in again) == sorted(ids)


def test_letters_that_do_not_match_are_left_and_released(
    memory: MemoryPubsub, pool: Executor
) -> None:
    post(memory, *(b'{"name": "%s/1"}' % name for name in [b"acme", b"zeta"] * 30))
    source = make_source(memory)
    counts, errors = make_replay(memory, pool, [], pattern="acme").run([source])
    assert (dict(counts), errors) == ({"replayed": 30, "left": 30}, [])
    assert {each.data for each in memory.drain("ingest-file-uploaded")} == {b'{"name": "acme/1"}'}
    assert [each.data for each in memory.drain(LETTERS)] == [b'{"name": "zeta/1"}'] * 30


class ForgetfulSubscription(MemorySubscription):
    """Subscription that ends each lease at once, like a Pub/Sub that loses them."""

    def extend(self, leases: Collection[str], seconds: int) -> None:
        super().extend(leases, 0)


def test_letters_that_come_back_do_not_keep_the_replay_alive(
    memory: MemoryPubsub, pool: Executor
) -> None:
    post(memory, b"zeta")
    letters = ForgetfulSubscription(memory, LETTERS)
    until = time.monotonic() + GUARD

    def tick() -> float:
        memory.seconds += 0.1
        assert time.monotonic() < until
        return memory.seconds

    source = ReplaySource(letters, MemoryRawTopic(memory, TOPIC), TOPIC)
    counts, errors = Replay(pool, print, pattern="acme", clock=tick).run([source])
    assert (dict(counts), errors) == ({"left": 1}, [])
    assert len(letters.pulled) > 3
    assert memory.count(LETTERS) == 1


def test_a_stop_publishes_no_further_letter_and_releases_the_rest(memory: MemoryPubsub) -> None:
    post(memory, *(b"%d" % number for number in range(50)))
    stop = threading.Event()
    publications = iter(range(5))
    memory.on_publish = lambda topic, message: stop.set() if next(publications) == 4 else None
    with ThreadPoolExecutor(1) as one:
        counts, errors = make_replay(memory, one, [], stop=stop).run([make_source(memory)])
    assert (dict(counts), errors) == ({"replayed": 5, "left": 15}, [])
    assert len(memory.drain("ingest-file-uploaded")) == 5
    assert len(memory.drain(LETTERS)) == 45


def test_a_signal_stops_the_replay_also_if_another_thread_gets_it(
    memory: MemoryPubsub, pool: Executor
) -> None:
    post(memory, *(b"%d" % number for number in range(50)))

    def interrupt(topic: str, message: RawMessage) -> None:
        if not stop.is_set():
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            assert stop.wait(GUARD)

    memory.on_publish = interrupt
    with catch_signals("stopping") as stop:
        counts, errors = make_replay(memory, pool, [], stop=stop).run([make_source(memory)])
    assert (counts.total(), errors) == (20, [])
    assert 0 < len(memory.drain("ingest-file-uploaded")) == counts["replayed"] <= 4


def test_leases_are_extended_during_a_long_publication(memory: MemoryPubsub) -> None:
    """The publication takes five times as long as a lease."""
    post(memory, b"1")
    subscription = MemorySubscription(memory, LETTERS)
    with Leases(subscription, interval=0.01) as held:
        letters = subscription.pull(10, 0)
        held.hold(letters)
        for _ in range(10):
            memory.seconds += LEASE / 2
            await_extension(memory)
            assert subscription.pull(10, 0) == []
    assert len(subscription.pull(10, 0)) == 1


def await_extension(memory: MemoryPubsub) -> None:
    """Wait until an extension that began now has ended."""
    until, seen = time.monotonic() + GUARD, len(memory.extensions)
    while len(memory.extensions) < seen + 2:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_the_lease_of_a_killed_process_ends_long_before_the_deadline_of_the_subscription(
    memory: MemoryPubsub,
) -> None:
    post(memory, b"1")
    subscription = MemorySubscription(memory, LETTERS)
    with Leases(subscription, interval=GUARD) as held:
        held.hold(subscription.pull(10, 0))
        memory.seconds += LEASE + 1
        assert len(subscription.pull(10, 0)) == 1


def make_command(action: str) -> bytes:
    return json.dumps({"action": action, "project": "acme", "version": "2.0"}).encode()


@pytest.mark.parametrize("times", [1, 2])
def test_an_old_dead_yank_does_not_override_a_newer_unyank(
    memory: MemoryPubsub, pool: Executor, times: int
) -> None:
    """The second replay is that of a process that was killed before the acknowledgement."""
    index = MemoryIndex.publish_all()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    unyank = {**json.loads(make_command("unyank")), "issued_at": format_time(yesterday)}
    index.run(ProjectCommand.decode(json.dumps(unyank).encode()))
    letters = "indexer-project-command-dead-letter"
    memory.create("project-command", "indexer-project-command")
    memory.create(letters, letters)
    added = {
        "CloudPubSubDeadLetterSourceTopicPublishTime": f"{yesterday - timedelta(hours=1):%FT%T.%f}Z"
    }
    memory.publish(letters, RawMessage(make_command("yank"), added))
    source = make_source(memory, "project-command", letters)
    make_replay(memory, pool, []).run([source])
    (found,) = memory.drain("indexer-project-command")
    index.run(*[ProjectCommand.decode(found.data)] * times)
    record = ProjectRecord.model_validate_json(index.data("metadata")["projects/acme.json"])
    (register,) = (
        register for version, register in record.yanked.versions.items() if version == "2"
    )
    assert register.value is False
    assert Filename("acme-2.0-py3-none-any.whl") in record.files
