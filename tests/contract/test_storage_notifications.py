"""Notifications of the strict fake about new objects, over a real Pub/Sub connection."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import grpc
import pytest
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from testing.processes import Process, find_free_port
from testing.storage import FakeStorage, PubSubNotification

TOPIC = "projects/gcpypi-local/topics/file-uploaded"
SUBSCRIPTION = "projects/gcpypi-local/subscriptions/listener"


@pytest.fixture
def pubsub(monkeypatch: pytest.MonkeyPatch) -> Iterator[grpc.Channel]:
    port = find_free_port()
    address = f"127.0.0.1:{port}"
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    command = [sys.executable, "-m", "local.stand_ins.pubsub", f"--port={port}"]
    quiet = subprocess.DEVNULL
    with (
        Process(command, stdout=quiet, stderr=quiet),
        grpc.insecure_channel(address) as channel,
    ):
        grpc.channel_ready_future(channel).result(timeout=600)
        yield channel


@pytest.fixture
def notification(pubsub: grpc.Channel) -> Iterator[PubSubNotification]:
    notification = PubSubNotification(TOPIC)
    yield notification
    notification.close()


@pytest.fixture
def storage(notification: PubSubNotification) -> FakeStorage:
    storage = FakeStorage()
    storage.create_bucket("incoming")
    storage.on_finalize["incoming"] = [notification]
    return storage


def test_a_new_object_is_announced(pubsub: grpc.Channel, storage: FakeStorage) -> None:
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=pubsub))
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=pubsub))
    publisher.create_topic(name=TOPIC)
    subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    version = storage.insert("incoming", "acme/1/a.whl", b"wheel")
    (received,) = subscriber.pull(subscription=SUBSCRIPTION, max_messages=1).received_messages
    assert json.loads(received.message.data) == version.resource(storage.origin)
    assert dict(received.message.attributes) == {
        "notificationConfig": "projects/_/buckets/incoming/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": "incoming",
        "objectId": "acme/1/a.whl",
        "objectGeneration": str(version.generation),
        "eventTime": f"{version.created:%Y-%m-%dT%H:%M:%S.%f}Z",
    }


def test_an_absent_topic_loses_the_notification_and_not_the_object(
    storage: FakeStorage, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "local.stand_ins.storage.notifications"):
        version = storage.insert("incoming", "a", b"1")
        until = time.monotonic() + 60
        while not caplog.messages and time.monotonic() < until:
            time.sleep(0.02)
    assert caplog.messages[0].startswith(f"notification to {TOPIC} lost: 404")
    assert storage.get("incoming", "a") == version
