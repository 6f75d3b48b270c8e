"""Contract of the ports of raw messages: in memory, on the built-in Pub/Sub, on the emulator."""

import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from uuid import uuid4

import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from cloud import pubsub
from cloud.errors import NotFound, Unavailable
from cloud.forwarding.messages import PulledMessage, PullSubscription, RawMessage, RawTopic
from cloud.forwarding.raw_pubsub import PubsubPullSubscription, PubsubRawTopic, connect_subscriber
from testing.fakes.memory_pubsub import MemoryPubsub, MemoryRawTopic, MemorySubscription
from testing.services.pubsub_emulator import PUBSUBS, PubsubUnavailable, run_pubsub
from testing.storage import FakeStorage, make_finalize_attributes, make_payload

PROJECT = "contract"
Ports = tuple[RawTopic, PullSubscription]
Site = Callable[[bool], Ports]
"""Returns the ports of a topic with a subscription, and creates both if the argument is true."""


@pytest.fixture(scope="module", params=["memory", *PUBSUBS])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "memory":
        yield connect_memory
        return
    try:
        with run_pubsub(request.param) as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUBSUB_EMULATOR_HOST", address)
            with connect_subscriber() as subscriber:
                publisher = pubsub.connect()
                yield partial(connect_remote, publisher, subscriber)
                publisher.stop()
    except PubsubUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def ports(site: Site) -> Ports:
    return site(True)


def connect_memory(create: bool) -> Ports:
    memory = MemoryPubsub()
    if create:
        memory.create("topic", "subscription")
    return MemoryRawTopic(memory, "topic"), MemorySubscription(memory, "subscription")


def connect_remote(publisher: PublisherClient, subscriber: SubscriberClient, create: bool) -> Ports:
    name = f"a{uuid4().hex}"
    if create:
        topic = publisher.topic_path(PROJECT, name)
        publisher.create_topic(name=topic)
        path = subscriber.subscription_path(PROJECT, name)
        subscriber.create_subscription(name=path, topic=topic, ack_deadline_seconds=600)
    return (
        PubsubRawTopic(publisher, PROJECT, name),
        PubsubPullSubscription(subscriber, PROJECT, name),
    )


def pull(subscription: PullSubscription) -> PulledMessage:
    (message,) = subscription.pull(10, 30)
    return message


def test_a_notification_of_cloud_storage_arrives_unchanged(ports: Ports) -> None:
    topic, subscription = ports
    sent = make_notification()
    topic.publish(sent)
    message = pull(subscription)
    assert message.raw == sent
    assert message.message_id
    assert message.publish_time.utcoffset() is not None


def make_notification() -> RawMessage:
    storage = FakeStorage()
    storage.create_bucket("incoming")
    version = storage.insert("incoming", "acme/1/acme-1.0-py3-none-any.whl", b"wheel")
    payload = make_payload(version.resource(storage.origin))
    assert payload.count(b"\n") > 5
    return RawMessage(payload, make_finalize_attributes(version, None))


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"timeout": "1", "topic": "x", "data": "y", "ordering_key": "", "retry": "z", "self": "!"},
    ],
)
def test_any_data_and_attributes_arrive(ports: Ports, attributes: Mapping[str, str]) -> None:
    topic, subscription = ports
    sent = RawMessage(b"\xff\x00\n", attributes)
    topic.publish(sent)
    assert pull(subscription).raw == sent


def test_a_pull_takes_no_more_than_its_limit(ports: Ports) -> None:
    topic, subscription = ports
    for number in range(3):
        topic.publish(RawMessage(b"%d" % number))
    assert len(subscription.pull(2, 30)) <= 2


def test_a_pull_without_messages_ends(ports: Ports) -> None:
    _, subscription = ports
    assert subscription.pull(10, 0.5) == []


def test_an_acknowledged_message_is_removed(ports: Ports) -> None:
    topic, subscription = ports
    topic.publish(RawMessage(b"first"))
    message = pull(subscription)
    subscription.acknowledge([message.lease])
    subscription.extend([message.lease], 0)
    topic.publish(RawMessage(b"second"))
    assert pull(subscription).raw.data == b"second"


def test_a_released_message_is_delivered_again_with_its_id_and_time(ports: Ports) -> None:
    topic, subscription = ports
    topic.publish(RawMessage(b"again"))
    first = pull(subscription)
    subscription.extend([first.lease], 0)
    second = pull(subscription)
    assert (second.message_id, second.publish_time) == (first.message_id, first.publish_time)
    assert second.lease != first.lease


def test_a_short_lease_replaces_the_deadline_of_the_subscription(ports: Ports) -> None:
    topic, subscription = ports
    topic.publish(RawMessage(b"soon"))
    subscription.extend([pull(subscription).lease], 1)
    subscription.pull(1, 0.1)
    assert subscription.pull(1, 30)[0].raw.data == b"soon"


def test_no_leases_are_no_error(ports: Ports) -> None:
    _, subscription = ports
    subscription.acknowledge([])
    subscription.extend([], 10)


@pytest.mark.parametrize("call", ["pull", "acknowledge", "extend", "publish"])
def test_an_absent_subscription_or_topic_is_not_found(site: Site, call: str) -> None:
    topic, subscription = site(False)
    calls: Mapping[str, Callable[[], object]] = {
        "pull": lambda: subscription.pull(1, 30),
        "acknowledge": lambda: subscription.acknowledge(["x"]),
        "extend": lambda: subscription.extend(["x"], 10),
        "publish": lambda: topic.publish(RawMessage(b"1")),
    }
    with pytest.raises(NotFound) as caught:
        calls[call]()
    assert ("/topics/" if call == "publish" else "/subscriptions/") in caught.value.subject


def test_a_pub_sub_that_does_not_answer_is_not_an_empty_subscription(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server accepts connections, and never answers them."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        with connect_subscriber() as subscriber:
            subscription = PubsubPullSubscription(subscriber, PROJECT, "any")
            with pytest.raises(Unavailable, match="no connection to Pub/Sub"):
                subscription.pull(1, 0.5)
