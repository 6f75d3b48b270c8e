"""Deadlines of the leases of the in-memory Pub/Sub."""

from google.pubsub_v1.types import DeadLetterPolicy, Subscription

from local.stand_ins.pubsub.backlog import Backlog
from local.stand_ins.pubsub_messages import PubsubMessage


def make_backlog(*messages: bytes, attempts: int = 0) -> Backlog:
    policy = DeadLetterPolicy(dead_letter_topic="dead", max_delivery_attempts=attempts)
    backlog = Backlog(
        Subscription(
            name="s", ack_deadline_seconds=10, dead_letter_policy=policy if attempts else None
        )
    )
    for data in messages:
        backlog.add(PubsubMessage(data=data))
    return backlog


def lease(backlog: Backlog, now: float, limit: int = 10) -> dict[bytes, str]:
    """Lease messages; return their ids by data."""
    return {each.message.data: each.ack_id for each in backlog.lease(limit, now)}


def test_each_lease_expires_at_its_own_deadline() -> None:
    backlog = make_backlog(b"a", b"b")
    lease(backlog, now=0, limit=1)
    lease(backlog, now=5, limit=1)
    expired = []
    for now in (9.9, 10, 14.9, 15, 16):
        backlog.expire(now)
        expired.append(list(lease(backlog, now)))
    assert expired == [[], [b"a"], [], [b"b"], []]


def test_an_acknowledged_first_lease_does_not_hide_the_next_deadline() -> None:
    backlog = make_backlog(b"a", b"b")
    first = lease(backlog, now=0, limit=1)
    lease(backlog, now=5, limit=1)
    backlog.acknowledge(first.values())
    backlog.expire(12)
    assert lease(backlog, now=12) == {}
    backlog.expire(15)
    assert list(lease(backlog, now=15)) == [b"b"]


def test_a_shortened_and_an_extended_deadline_hold() -> None:
    backlog = make_backlog(b"a", b"b")
    ids = lease(backlog, now=0)
    backlog.extend([ids[b"a"]], 30, now=1)
    backlog.extend([ids[b"b"]], 2, now=1)
    expired = []
    for now in (2.9, 3, 30.9, 31):
        backlog.expire(now)
        expired.append(list(lease(backlog, now)))
    assert expired == [[], [b"b"], [b"b"], [b"a"]]


def test_expired_leases_without_attempts_leave_the_subscription() -> None:
    backlog = make_backlog(b"a", attempts=2)
    lease(backlog, now=0)
    assert backlog.expire(10) == []
    lease(backlog, now=10)
    assert [delivery.message.data for delivery in backlog.expire(20)] == [b"a"]
    assert len(backlog) == 0
