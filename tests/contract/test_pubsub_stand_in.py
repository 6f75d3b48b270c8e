"""The built-in Pub/Sub and Google's emulator do the same, as far as the relay and we rely on it."""

import json
import shutil
import socket
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

from local.layout import INCOMING, Ports
from local.runtime.pubsub_choice import choose
from local.stand_ins import storage_server
from testing.processes import Process

PROJECT = "projects/contract"
SOURCE = "CloudPubSubDeadLetterSource"


@pytest.fixture(scope="module", params=["built-in", "google"])
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command: tuple[str, ...] = (sys.executable, "-m", "local.stand_ins.pubsub", f"--port={port}")
    if request.param == "google":
        choice = choose(port)
        if not choice.google:
            pytest.skip(f"Google's emulator cannot be started: {choice.words}")
        command = choice.command
    log = tmp_path_factory.mktemp("pubsub") / "log"
    with (
        log.open("wb") as output,
        Process(command, stdout=output, stderr=output),
    ):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=20)
        yield f"127.0.0.1:{port}"


class Bench:
    """A topic, clients, and short words for what the tests do."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self.topic = self.new_topic()

    def new_topic(self) -> str:
        return str(self.publisher.create_topic(name=f"{PROJECT}/topics/t{uuid4().hex}").name)

    def subscribe(self, topic: str = "", dead_letter_topic: str = "", attempts: int = 5) -> str:
        subscription = Subscription(
            name=f"{PROJECT}/subscriptions/s{uuid4().hex}",
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
        until = time.monotonic() + 10
        while time.monotonic() < until:
            answer = self.subscriber.pull(request=request, retry=None, timeout=5)
            if answer.received_messages:
                return list(answer.received_messages)
        raise AssertionError("nothing came")

    def is_empty(self, subscription: str) -> bool:
        """Whether nothing is waiting. A sentinel is sent through, so no time has to pass."""
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
def bench(address: str) -> Iterator[Bench]:
    with grpc.insecure_channel(address) as channel:
        yield Bench(channel)


def test_a_message_arrives_whole(bench: Bench) -> None:
    subscription = bench.subscribe()
    (message_id,) = bench.publish(b"\xff\x00data", kind="x")

    (received,) = bench.pull(subscription)

    message = received.message
    assert (message.data, dict(message.attributes)) == (b"\xff\x00data", {"kind": "x"})
    assert message.message_id == message_id
    published = PubsubMessage.pb(message).publish_time.ToSeconds()
    assert abs(published - time.time()) < 60
    bench.acknowledge(subscription, received)


def test_every_subscription_gets_what_is_published_after_it_was_made(bench: Bench) -> None:
    first = bench.subscribe()
    bench.publish(b"early")
    second = bench.subscribe()
    bench.publish(b"late")

    assert {each.message.data for each in bench.pull(first)} == {b"early", b"late"}
    assert [each.message.data for each in bench.pull(second)] == [b"late"]


def test_a_pull_takes_a_batch_up_to_its_limit(bench: Bench) -> None:
    subscription = bench.subscribe()
    ids = bench.publish(*(str(n).encode() for n in range(7)))

    first = bench.pull(subscription, 5)
    rest = bench.pull(subscription, 5)

    assert (len(first), len(rest)) == (5, 2)
    assert {each.message.message_id for each in first + rest} == set(ids)


def test_a_pull_waits_for_what_is_published_later(bench: Bench) -> None:
    subscription = bench.subscribe()
    with ThreadPoolExecutor() as thread:
        pull = thread.submit(bench.pull, subscription)
        time.sleep(0.3)
        bench.publish(b"later")

        (received,) = pull.result()
    assert received.message.data == b"later"


def test_what_is_acknowledged_does_not_come_again(bench: Bench) -> None:
    subscription = bench.subscribe()
    bench.publish(b"once")
    (received,) = bench.pull(subscription)
    bench.set_deadline(subscription, received, 1)
    bench.acknowledge(subscription, received)
    time.sleep(1.2)

    assert bench.is_empty(subscription)


def test_what_is_handed_back_comes_again_at_once(bench: Bench) -> None:
    subscription = bench.subscribe()
    (message_id,) = bench.publish(b"again")
    (received,) = bench.pull(subscription)
    bench.set_deadline(subscription, received, 0)

    (again,) = bench.pull(subscription)

    assert again.message.message_id == message_id
    assert again.ack_id != received.ack_id


def test_what_is_held_beyond_its_deadline_comes_again(bench: Bench) -> None:
    subscription = bench.subscribe()
    (message_id,) = bench.publish(b"slow")
    (received,) = bench.pull(subscription)
    bench.set_deadline(subscription, received, 1)

    (again,) = bench.pull(subscription)

    assert again.message.message_id == message_id


def test_an_extended_deadline_keeps_a_message_from_coming_again(bench: Bench) -> None:
    subscription = bench.subscribe()
    bench.publish(b"held")
    (received,) = bench.pull(subscription)
    bench.set_deadline(subscription, received, 1)
    bench.set_deadline(subscription, received, 30)
    time.sleep(1.3)

    assert bench.is_empty(subscription)


def test_deliveries_are_counted_where_there_is_a_dead_letter_policy(bench: Bench) -> None:
    plain, counted = bench.subscribe(), bench.subscribe(dead_letter_topic=bench.new_topic())
    bench.publish(b"counted")

    assert [each.delivery_attempt for each in bench.pull(plain)] == [0]
    for attempt in (1, 2):
        (received,) = bench.pull(counted)
        assert received.delivery_attempt == attempt
        bench.set_deadline(counted, received, 0)


def test_after_its_attempts_a_message_goes_to_the_dead_letter_topic(bench: Bench) -> None:
    grave = bench.new_topic()
    letters = bench.subscribe(topic=grave)
    subscription = bench.subscribe(dead_letter_topic=grave, attempts=5)
    bench.publish(b"poison", kind="x")
    for _ in range(5):
        (received,) = bench.pull(subscription)
        bench.set_deadline(subscription, received, 0)

    # Google's emulator only notices at the next pull.
    assert bench.is_empty(subscription)
    (letter,) = bench.pull(letters)
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
    bench: Bench, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    subscription = bench.subscribe()

    with BatchingPublisher() as client:
        message_id = client.publish(bench.topic, b"from the library", kind="x").result(timeout=10)

    (received,) = bench.pull(subscription)
    assert received.message.message_id == message_id


def test_the_storage_servers_notifications_reach_it(
    bench: Bench, address: str, tmp_path: Path
) -> None:
    project = bench.publisher.create_topic(name="projects/gcpypi-local/topics/file-uploaded")
    subscription = bench.subscribe(topic=project.name)
    ports = Ports.free()
    environment = {"PUBSUB_EMULATOR_HOST": address}
    command = storage_server.command(ports, tmp_path / "storage")
    bucket = f"{ports.url('storage')}/storage/v1/b"
    upload = f"{ports.url('storage')}/upload/storage/v1/b/{INCOMING}/o"
    with (
        Process(command, environment=environment, stderr=subprocess.DEVNULL),
        httpx.Client(transport=httpx.HTTPTransport(retries=5)) as http,
    ):
        http.post(bucket, json={"name": INCOMING}).raise_for_status()
        query = {"uploadType": "media", "name": "me/1/file.whl"}
        http.post(upload, params=query, content=b"x").raise_for_status()
        (received,) = bench.pull(subscription)

    told = json.loads(received.message.data)
    assert (told["bucket"], told["name"]) == (INCOMING, "me/1/file.whl")
    assert received.message.attributes["eventType"] == "OBJECT_FINALIZE"


def test_a_message_of_9_megabytes_passes(bench: Bench, address: str) -> None:
    subscription = bench.subscribe()
    bench.publish(b"x" * 9_000_000)

    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options=options) as channel:
        (received,) = Bench(channel).pull(subscription)

    assert len(received.message.data) == 9_000_000


def test_topics_and_subscriptions_can_be_listed_got_and_deleted(bench: Bench) -> None:
    topic = bench.new_topic()
    subscription = bench.subscribe(topic=topic)

    assert bench.publisher.get_topic(topic=topic).name == topic
    assert topic in [each.name for each in bench.publisher.list_topics(project=PROJECT)]
    assert bench.subscriber.get_subscription(subscription=subscription).topic == topic
    listed = bench.subscriber.list_subscriptions(project=PROJECT)
    assert subscription in [each.name for each in listed]

    bench.publisher.delete_topic(topic=topic)
    assert bench.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    bench.subscriber.delete_subscription(subscription=subscription)
    with pytest.raises(exceptions.NotFound):
        bench.subscriber.get_subscription(subscription=subscription)


def test_a_name_that_is_taken_is_refused(bench: Bench) -> None:
    subscription = bench.subscribe()

    with pytest.raises(exceptions.AlreadyExists):
        bench.publisher.create_topic(name=bench.topic)
    with pytest.raises(exceptions.AlreadyExists):
        bench.subscriber.create_subscription(name=subscription, topic=bench.topic)


def test_what_does_not_exist_is_not_found(bench: Bench) -> None:
    topic, subscription = f"{PROJECT}/topics/absent", f"{PROJECT}/subscriptions/absent"

    with pytest.raises(exceptions.NotFound):
        bench.publisher.publish(topic=topic, messages=[PubsubMessage(data=b"x")])
    with pytest.raises(exceptions.NotFound):
        bench.subscriber.create_subscription(name=subscription, topic=topic)
    with pytest.raises(exceptions.NotFound):
        bench.subscriber.pull(subscription=subscription, max_messages=1, retry=None)


@pytest.mark.parametrize("name", ["ab", "1abc", "goog-x", "a" * 256])
def test_what_is_no_name_is_refused(bench: Bench, name: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        bench.publisher.create_topic(name=f"{PROJECT}/topics/{name}")


def test_requests_that_make_no_sense_are_refused(bench: Bench) -> None:
    subscription = bench.subscribe()

    with pytest.raises(exceptions.InvalidArgument):
        bench.publish(b"")
    with pytest.raises(exceptions.InvalidArgument):
        bench.subscriber.pull(subscription=subscription, max_messages=0, retry=None)
    with pytest.raises(exceptions.InvalidArgument):
        bench.subscriber.create_subscription(
            name=f"{PROJECT}/subscriptions/slow", topic=bench.topic, ack_deadline_seconds=601
        )
    with pytest.raises(exceptions.OutOfRange):
        bench.subscribe(dead_letter_topic=bench.new_topic(), attempts=3)


def test_acknowledging_what_is_not_held_is_no_error(bench: Bench, is_google: bool) -> None:
    if is_google:
        pytest.skip("Google's emulator refuses ids it never gave; production does not")
    bench.subscriber.acknowledge(subscription=bench.subscribe(), ack_ids=["unknown"])


def test_the_built_in_one_refuses_what_it_cannot_do(bench: Bench, is_google: bool) -> None:
    subscription = Subscription(
        name=f"{PROJECT}/subscriptions/pushed",
        topic=bench.topic,
        push_config={"push_endpoint": "http://127.0.0.1:9/push"},
    )
    if is_google:
        pytest.skip("Google's emulator can push")
    with pytest.raises(exceptions.MethodNotImplemented, match="push_config"):
        bench.subscriber.create_subscription(request=subscription)


def test_a_second_server_on_the_port_is_an_error(address: str) -> None:
    port = address.rsplit(":", 1)[-1]
    second = subprocess.run(
        [sys.executable, "-m", "local.stand_ins.pubsub", f"--port={port}"],
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1


def test_where_gcloud_is_missing_the_built_in_one_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if java := shutil.which("java"):
        (tmp_path / "java").symlink_to(java)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not choose(8085).google
