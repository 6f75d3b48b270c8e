"""Features of the ports in memory for tests: hooks, faults, counts, a clock."""

from datetime import UTC, datetime

import pytest

from cloud.errors import Unavailable
from cloud.ports import Headers, StoredObject
from schemas.push import Message
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from testing.storage import Fault

PLAIN = Headers("text/plain", "no-store")


class WorkerKilled(BaseException):
    """End of a worker, which no handler catches."""


def kill(*_: object) -> None:
    raise WorkerKilled


def test_a_worker_that_is_stopped_before_a_step_has_not_done_it() -> None:
    bucket = MemoryBucket()
    bucket.before = kill
    with pytest.raises(WorkerKilled):
        bucket.write("a", b"1", PLAIN, if_generation=0)
    bucket.before = None
    assert bucket.stat("a") is None


def test_a_worker_that_is_stopped_after_a_step_has_done_it() -> None:
    bucket = MemoryBucket()
    bucket.after = kill
    with pytest.raises(WorkerKilled):
        bucket.write("a", b"1", PLAIN, if_generation=0)
    bucket.after = None
    assert bucket.stat("a") is not None


def test_a_hook_sees_what_is_done_to_which_object() -> None:
    bucket, seen = MemoryBucket("b"), []
    bucket.before = lambda *step: seen.append(step)
    info = bucket.write("a", b"1", PLAIN, if_generation=0)
    list(bucket.stream(info))
    list(bucket.list())
    assert seen == [
        ("objects.insert", "b", "a"),
        ("objects.download", "b", "a"),
        ("objects.list", "b", ""),
    ]


def test_a_fault_strikes_once_and_is_counted() -> None:
    bucket = MemoryBucket()
    bucket.fault(Fault("reset", operation="objects.insert", when="after"))
    with pytest.raises(Unavailable):
        bucket.write("a", b"1", PLAIN, if_generation=0)
    assert bucket.stat("a") is not None
    assert bucket.counts.answers == {"objects.insert 200": 1, "objects.get 200": 1}


def test_what_others_do_is_not_counted() -> None:
    bucket = MemoryBucket()
    bucket.before = kill
    bucket.put("a", b"1", PLAIN)
    bucket.remove("a")
    assert bucket.counts.requests == {}


def test_the_clock_is_settable() -> None:
    bucket = MemoryBucket()
    bucket.now = datetime(2026, 11, 1, tzinfo=UTC)
    assert bucket.write("a", b"1", PLAIN, if_generation=0).created == bucket.now


def test_rewrite_crosses_buckets_that_were_made_apart() -> None:
    incoming, packages = MemoryBucket("incoming"), MemoryBucket("packages")
    source = incoming.write("a", b"1", PLAIN, if_generation=0)
    copy = packages.rewrite(incoming, source, "a", PLAIN)
    assert packages.read("a") == StoredObject(copy.generation, b"1")


def test_a_topic_keeps_what_is_published_until_it_is_taken() -> None:
    topic, first, second = MemoryTopic(), Message(), Message()
    topic.publish(first)
    topic.publish(second)
    assert topic.messages == (first, second)
    assert topic.take() == (first, second)
    assert not topic.messages


def test_a_message_is_lost_before_it_is_taken_and_not_after() -> None:
    topic = MemoryTopic()
    topic.before = kill
    with pytest.raises(WorkerKilled):
        topic.publish(Message())
    assert not topic.messages
    topic.before, topic.after = None, kill
    with pytest.raises(WorkerKilled):
        topic.publish(Message())
    assert len(topic.messages) == 1
