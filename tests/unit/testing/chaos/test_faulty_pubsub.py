"""Pub/Sub with faults: publications fail before or after their effect, messages repeat or wait."""

from collections import Counter
from random import Random

import pytest

from local.stand_ins.grpc_server import StatusError
from local.stand_ins.pubsub_messages import PubsubMessage
from testing.chaos.faulty_pubsub import MAX_ATTEMPTS, PARENT, SPREAD, FaultyBroker, PubsubFaults

TOPIC = f"{PARENT}/topics/file-accepted"
SUBSCRIPTION = f"{PARENT}/subscriptions/indexer-file-accepted"
DEAD_LETTERS = f"{TOPIC.replace('file-accepted', 'indexer-file-accepted')}-dead-letter"


@pytest.fixture
def broker() -> FaultyBroker:
    return FaultyBroker(Random(1))  # noqa: S311 - repeatable


def publish(broker: FaultyBroker, topic: str = TOPIC) -> None:
    broker.publish(topic, [PubsubMessage(data=b"data")], now=100.0)


def count_pulled(broker: FaultyBroker, now: float) -> int:
    return len(broker.pull(SUBSCRIPTION, 100, now))


def test_a_message_is_delivered_once_and_kept(broker: FaultyBroker) -> None:
    publish(broker)
    assert [(each.topic, each.data) for each in broker.published] == [("file-accepted", b"data")]
    assert count_pulled(broker, 100.0) == 1
    assert count_pulled(broker, 101.0) == 0


def test_a_failed_publication_has_no_effect(broker: FaultyBroker) -> None:
    broker.faults = PubsubFaults(error=1.0)
    with pytest.raises(StatusError, match="before the effect"):
        publish(broker)
    assert (broker.published, broker.count_waiting()) == ([], 0)


def test_a_lost_answer_leaves_the_message(broker: FaultyBroker) -> None:
    broker.faults = PubsubFaults(lost_answer=1.0)
    with pytest.raises(StatusError, match="after the effect"):
        publish(broker)
    assert (len(broker.published), broker.count_waiting()) == (1, 1)


def test_copies_are_deliveries_of_one_message(broker: FaultyBroker) -> None:
    broker.copies[b"data"] = 3
    publish(broker)
    pulled = broker.pull(SUBSCRIPTION, 100, 100.0 + SPREAD)
    assert len(pulled) == 3
    assert len({each.message.message_id for each in pulled}) == 1


def test_a_duplicate_is_delivered_two_to_four_times(broker: FaultyBroker) -> None:
    broker.faults = PubsubFaults(duplicate=1.0)
    pulled = Counter[str]()
    for _ in range(50):
        publish(broker)
        received = broker.pull(SUBSCRIPTION, 100, 100.0 + SPREAD)
        pulled.update(each.message.message_id for each in received)
    assert set(pulled.values()) == {2, 3, 4}


def test_a_late_message_waits(broker: FaultyBroker) -> None:
    broker.faults = PubsubFaults(late=1.0, delay=50.0)
    publish(broker)
    assert count_pulled(broker, 100.0) == 0
    assert broker.count_waiting() == 1
    assert count_pulled(broker, 150.0) == 1


def test_a_message_with_earlier_attempts_becomes_a_dead_letter_soon(broker: FaultyBroker) -> None:
    broker.attempts[b"data"] = MAX_ATTEMPTS - 1
    publish(broker)
    [received] = broker.pull(SUBSCRIPTION, 100, 100.0)
    broker.modify_deadlines(SUBSCRIPTION, [received.ack_id], 0, 100.0)
    assert [each.data for each in broker.list_dead_letters()] == [b"data"]


def test_no_dead_letter_is_lost_by_a_fault(broker: FaultyBroker) -> None:
    broker.faults = PubsubFaults(error=1.0, lost_answer=1.0)
    publish(broker, DEAD_LETTERS)
    found = broker.list_dead_letters()
    assert [(each.subscription, each.data) for each in found] == [
        ("indexer-file-accepted", b"data")
    ]
