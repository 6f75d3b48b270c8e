"""Common behaviour of the built-in Pub/Sub stand-in and Google's emulator.

The tests cover the behaviour that the relay and the services need.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import grpc
import httpx
import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1 import PublisherClient as BatchingPublisher
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    PubsubMessage,
    PullRequest,
    ReceivedMessage,
    Subscription,
)

from chassis import tracing
from cloud import pubsub
from cloud.pubsub import PubsubTopic
from local.runtime.native import build_storage_command
from local.runtime.pubsub_choice import choose
from local.topology import INCOMING
from schemas.events import FileUploaded
from testing.processes import Process
from testing.services.pubsub_emulator import PUBSUBS, PubsubUnavailable, run_pubsub
from testing.services.runtime_ports import find_runtime_ports

GCP_PROJECT = "projects/contract"
SOURCE = "CloudPubSubDeadLetterSource"


@pytest.fixture(scope="module", params=PUBSUBS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    try:
        with run_pubsub(request.param) as address:
            yield address
    except PubsubUnavailable as reason:
        pytest.skip(str(reason))


class PubsubClients:
    """Topic with a publisher, a subscriber and helpers of the tests."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self.topic = self.create_topic()

    def create_topic(self) -> str:
        return str(self.publisher.create_topic(name=f"{GCP_PROJECT}/topics/t{uuid4().hex}").name)

    def subscribe(self, topic: str = "", dead_letter_topic: str = "", attempts: int = 5) -> str:
        subscription = Subscription(
            name=f"{GCP_PROJECT}/subscriptions/s{uuid4().hex}",
            topic=topic or self.topic,
            ack_deadline_seconds=10,
        )
        if dead_letter_topic:
            subscription.dead_letter_policy = DeadLetterPolicy(
                dead_letter_topic=dead_letter_topic, max_delivery_attempts=attempts
            )
        return str(self.subscriber.create_subscription(request=subscription).name)

    def publish(self, *data: bytes, **attributes: str) -> list[str]:
        messages = [PubsubMessage(data=each, attributes=attributes) for each in data]
        return list(self.publisher.publish(topic=self.topic, messages=messages).message_ids)

    def pull(self, subscription: str, limit: int = 10) -> list[ReceivedMessage]:
        """Wait for at least one message."""
        request = PullRequest(subscription=subscription, max_messages=limit)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            answer = self.subscriber.pull(request=request, retry=None, timeout=60)
            if answer.received_messages:
                return list(answer.received_messages)
        raise AssertionError("no message within 60 s")

    def is_empty(self, subscription: str) -> bool:
        """Return whether no message is waiting.

        A sentinel message takes the place of a pause.
        """
        sentinel = uuid4().hex.encode()
        self.publish(sentinel)
        received = self.pull(subscription)
        self.acknowledge(subscription, *received)
        return [each.message.data for each in received] == [sentinel]

    def acknowledge(self, subscription: str, *received: ReceivedMessage) -> None:
        ids = [each.ack_id for each in received]
        self.subscriber.acknowledge(subscription=subscription, ack_ids=ids)

    def set_deadline(self, subscription: str, received: ReceivedMessage, seconds: int) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[received.ack_id], ack_deadline_seconds=seconds
        )


@pytest.fixture
def is_google(address: str, request: pytest.FixtureRequest) -> bool:
    return str(request.node.callspec.params["address"]) == "google"


@pytest.fixture(scope="module")
def clients(address: str) -> Iterator[PubsubClients]:
    with grpc.insecure_channel(address) as channel:
        yield PubsubClients(channel)


def test_a_message_arrives_whole(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    (message_id,) = clients.publish(b"\xff\x00data", kind="x")

    (received,) = clients.pull(subscription)

    message = received.message
    assert (message.data, dict(message.attributes)) == (b"\xff\x00data", {"kind": "x"})
    assert message.message_id == message_id
    published = PubsubMessage.pb(message).publish_time.ToSeconds()
    assert abs(published - time.time()) < 60
    clients.acknowledge(subscription, received)


def test_a_subscription_receives_messages_published_after_its_creation(
    clients: PubsubClients,
) -> None:
    first = clients.subscribe()
    clients.publish(b"early")
    second = clients.subscribe()
    clients.publish(b"late")

    assert {each.message.data for each in clients.pull(first)} == {b"early", b"late"}
    assert [each.message.data for each in clients.pull(second)] == [b"late"]


def test_a_pull_takes_a_batch_up_to_its_limit(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    ids = clients.publish(*(str(n).encode() for n in range(7)))

    first = clients.pull(subscription, 5)
    rest = clients.pull(subscription, 5)

    assert (len(first), len(rest)) == (5, 2)
    assert {each.message.message_id for each in first + rest} == set(ids)


def test_a_pull_waits_for_a_later_message(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    with ThreadPoolExecutor() as thread:
        pull = thread.submit(clients.pull, subscription)
        time.sleep(0.3)
        clients.publish(b"later")

        (received,) = pull.result()
    assert received.message.data == b"later"


def test_an_acknowledged_message_is_not_redelivered(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    clients.publish(b"once")
    (received,) = clients.pull(subscription)
    clients.set_deadline(subscription, received, 3)
    clients.acknowledge(subscription, received)
    time.sleep(3.2)

    assert clients.is_empty(subscription)


def test_a_message_with_deadline_0_is_redelivered_at_once(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    (message_id,) = clients.publish(b"again")
    (received,) = clients.pull(subscription)
    clients.set_deadline(subscription, received, 0)

    (again,) = clients.pull(subscription)

    assert again.message.message_id == message_id
    assert again.ack_id != received.ack_id


def test_a_message_is_redelivered_after_its_deadline(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    (message_id,) = clients.publish(b"slow")
    (received,) = clients.pull(subscription)
    clients.set_deadline(subscription, received, 1)

    (again,) = clients.pull(subscription)

    assert again.message.message_id == message_id


def test_an_extended_deadline_delays_the_redelivery(clients: PubsubClients) -> None:
    subscription = clients.subscribe()
    clients.publish(b"held")
    (received,) = clients.pull(subscription)
    clients.set_deadline(subscription, received, 3)
    clients.set_deadline(subscription, received, 60)
    time.sleep(3.3)

    assert clients.is_empty(subscription)


def test_deliveries_are_counted_with_a_dead_letter_policy(clients: PubsubClients) -> None:
    plain, counted = (
        clients.subscribe(),
        clients.subscribe(dead_letter_topic=clients.create_topic()),
    )
    clients.publish(b"counted")

    assert [each.delivery_attempt for each in clients.pull(plain)] == [0]
    for attempt in (1, 2):
        (received,) = clients.pull(counted)
        assert received.delivery_attempt == attempt
        clients.set_deadline(counted, received, 0)


def test_after_its_attempts_a_message_goes_to_the_dead_letter_topic(clients: PubsubClients) -> None:
    grave = clients.create_topic()
    letters = clients.subscribe(topic=grave)
    subscription = clients.subscribe(dead_letter_topic=grave, attempts=5)
    clients.publish(b"poison", kind="x")
    for _ in range(5):
        (received,) = clients.pull(subscription)
        clients.set_deadline(subscription, received, 0)

    # Google's emulator moves the message only at the next pull.
    assert clients.is_empty(subscription)
    (letter,) = clients.pull(letters)
    assert letter.message.data == b"poison"
    attributes = dict(letter.message.attributes)
    assert attributes.pop(f"{SOURCE}TopicPublishTime")
    assert attributes == {
        "kind": "x",
        f"{SOURCE}DeliveryCount": "5",
        f"{SOURCE}Subscription": subscription.rsplit("/", 1)[-1],
        f"{SOURCE}SubscriptionProject": "contract",
    }


def test_the_librarys_publisher_works_with_it(
    clients: PubsubClients, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    subscription = clients.subscribe()

    with BatchingPublisher() as client:
        message_id = client.publish(clients.topic, b"from the library", kind="x").result(
            timeout=600
        )

    (received,) = clients.pull(subscription)
    assert received.message.message_id == message_id


def test_the_adapter_publishes_a_message_with_the_trace_of_its_task(
    clients: PubsubClients, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    subscription = clients.subscribe()
    message = FileUploaded(bucket="incoming", name="ci/1/acme-1.0.tar.gz")
    span = tracing.Span.create()
    with pubsub.connect() as client:
        name = clients.topic.rpartition("/")[2]
        topic = PubsubTopic(client, "contract", name, build_attributes=tracing.build_attributes)
        with tracing.continue_trace(tracing.MessageTrace(span)):
            topic.publish(message)
        (traced,) = clients.pull(subscription)
        clients.acknowledge(subscription, traced)
        topic.publish(message)
    (other,) = clients.pull(subscription)

    assert traced.message.data == other.message.data == message.encode()
    assert dict(traced.message.attributes) == {"traceparent": span.format_traceparent()}
    assert dict(other.message.attributes) == {}


def test_the_storage_servers_notifications_reach_it(
    clients: PubsubClients, address: str, tmp_path: Path
) -> None:
    project = clients.publisher.create_topic(name="projects/gcpypi-local/topics/file-uploaded")
    subscription = clients.subscribe(topic=project.name)
    ports = find_runtime_ports()
    environment = {**os.environ, "PUBSUB_EMULATOR_HOST": address}
    command = build_storage_command(tmp_path / "buckets", ports)
    bucket = f"{ports.url('storage')}/storage/v1/b"
    upload = f"{ports.url('storage')}/upload/storage/v1/b/{INCOMING}/o"
    with (
        Process(command, environment=environment, stderr=subprocess.DEVNULL),
        httpx.Client(transport=httpx.HTTPTransport(retries=8)) as http,
    ):
        http.post(bucket, json={"name": INCOMING}).raise_for_status()
        query = {"uploadType": "media", "name": "me/1/file.whl"}
        http.post(upload, params=query, content=b"x").raise_for_status()
        (received,) = clients.pull(subscription)

    notification = json.loads(received.message.data)
    assert (notification["bucket"], notification["name"]) == (INCOMING, "me/1/file.whl")
    assert received.message.attributes["eventType"] == "OBJECT_FINALIZE"


def test_a_message_of_9_megabytes_passes(clients: PubsubClients, address: str) -> None:
    subscription = clients.subscribe()
    clients.publish(b"x" * 9_000_000)

    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options=options) as channel:
        (received,) = PubsubClients(channel).pull(subscription)

    assert len(received.message.data) == 9_000_000


def test_topics_and_subscriptions_can_be_listed_got_and_deleted(clients: PubsubClients) -> None:
    topic = clients.create_topic()
    subscription = clients.subscribe(topic=topic)

    assert clients.publisher.get_topic(topic=topic).name == topic
    assert topic in [each.name for each in clients.publisher.list_topics(project=GCP_PROJECT)]
    assert clients.subscriber.get_subscription(subscription=subscription).topic == topic
    listed = clients.subscriber.list_subscriptions(project=GCP_PROJECT)
    assert subscription in [each.name for each in listed]

    clients.publisher.delete_topic(topic=topic)
    assert clients.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    clients.subscriber.delete_subscription(subscription=subscription)
    with pytest.raises(exceptions.NotFound):
        clients.subscriber.get_subscription(subscription=subscription)


def test_a_name_that_is_taken_is_refused(clients: PubsubClients) -> None:
    subscription = clients.subscribe()

    with pytest.raises(exceptions.AlreadyExists):
        clients.publisher.create_topic(name=clients.topic)
    with pytest.raises(exceptions.AlreadyExists):
        clients.subscriber.create_subscription(name=subscription, topic=clients.topic)


def test_what_does_not_exist_is_not_found(clients: PubsubClients) -> None:
    topic, subscription = f"{GCP_PROJECT}/topics/absent", f"{GCP_PROJECT}/subscriptions/absent"

    with pytest.raises(exceptions.NotFound):
        clients.publisher.publish(topic=topic, messages=[PubsubMessage(data=b"x")])
    with pytest.raises(exceptions.NotFound):
        clients.subscriber.create_subscription(name=subscription, topic=topic)
    with pytest.raises(exceptions.NotFound):
        clients.subscriber.pull(subscription=subscription, max_messages=1, retry=None)


@pytest.mark.parametrize("name", ["ab", "1abc", "goog-x", "a" * 256])
def test_an_invalid_topic_name_is_refused(clients: PubsubClients, name: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        clients.publisher.create_topic(name=f"{GCP_PROJECT}/topics/{name}")


def test_invalid_requests_are_refused(clients: PubsubClients) -> None:
    subscription = clients.subscribe()

    with pytest.raises(exceptions.InvalidArgument):
        clients.publish(b"")
    with pytest.raises(exceptions.InvalidArgument):
        clients.subscriber.pull(subscription=subscription, max_messages=0, retry=None)
    with pytest.raises(exceptions.InvalidArgument):
        clients.subscriber.create_subscription(
            name=f"{GCP_PROJECT}/subscriptions/slow", topic=clients.topic, ack_deadline_seconds=601
        )
    with pytest.raises(exceptions.OutOfRange):
        clients.subscribe(dead_letter_topic=clients.create_topic(), attempts=3)


def test_acknowledging_an_unknown_id_is_no_error(clients: PubsubClients, is_google: bool) -> None:
    if is_google:
        pytest.skip("Google's emulator refuses unknown ids; production does not")
    clients.subscriber.acknowledge(subscription=clients.subscribe(), ack_ids=["unknown"])


def test_the_built_in_stand_in_refuses_unsupported_options(
    clients: PubsubClients, is_google: bool
) -> None:
    subscription = Subscription(
        name=f"{GCP_PROJECT}/subscriptions/pushed",
        topic=clients.topic,
        push_config={"push_endpoint": "http://127.0.0.1:9/push"},
    )
    if is_google:
        pytest.skip("Google's emulator supports push subscriptions")
    with pytest.raises(exceptions.MethodNotImplemented, match="push_config"):
        clients.subscriber.create_subscription(request=subscription)


def test_a_second_server_on_the_port_is_an_error(address: str) -> None:
    port = address.rsplit(":", 1)[-1]
    second = subprocess.run(
        [sys.executable, "-m", "local.stand_ins.pubsub", f"--port={port}"],
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1


def test_without_gcloud_the_built_in_stand_in_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if java := shutil.which("java"):
        (tmp_path / "java").symlink_to(java)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not choose(8085).google
