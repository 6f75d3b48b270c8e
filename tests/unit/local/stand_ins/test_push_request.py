"""Envelope, token and back-off of push requests are those of production."""

import base64
import json

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from local.stand_ins import push_request
from local.stand_ins.pubsub_messages import PubsubMessage, ReceivedMessage
from schemas.push import PushEnvelope

SUBSCRIPTION = "projects/gcpypi-local/subscriptions/ingest-file-uploaded"


def make_received(**message: object) -> ReceivedMessage:
    facts = {
        "data": b"\xff{}",
        "message_id": "7",
        "publish_time": Timestamp(seconds=1, nanos=5000000),
    }
    return ReceivedMessage(ack_id="a", delivery_attempt=3, message=PubsubMessage(**facts | message))


def test_the_envelope_has_every_key_that_production_sends() -> None:
    message = make_received(attributes={"eventType": "OBJECT_FINALIZE"}, ordering_key="k")

    assert push_request.make_envelope(message, SUBSCRIPTION) == {
        "message": {
            "data": "/3t9",
            "attributes": {"eventType": "OBJECT_FINALIZE"},
            "messageId": "7",
            "message_id": "7",
            "publishTime": "1970-01-01T00:00:01.005Z",
            "publish_time": "1970-01-01T00:00:01.005Z",
            "orderingKey": "k",
        },
        "subscription": SUBSCRIPTION,
        "deliveryAttempt": 3,
    }


def test_the_envelope_leaves_out_empty_values() -> None:
    message = make_received()
    message.delivery_attempt = 0

    envelope = push_request.make_envelope(message, SUBSCRIPTION)

    assert set(envelope) == {"message", "subscription"}
    assert not {"attributes", "orderingKey"} & set(envelope["message"])


def test_the_services_read_the_envelope() -> None:
    envelope = PushEnvelope.model_validate_json(
        json.dumps(push_request.make_envelope(make_received(), SUBSCRIPTION))
    )

    assert envelope.message.data == b"\xff{}"
    assert (envelope.message.message_id, envelope.delivery_attempt) == ("7", 3)


def test_the_bearer_token_has_the_shape_of_a_jwt_for_the_endpoint() -> None:
    header, claims, signature = push_request.make_bearer_token(
        "http://127.0.0.1:8081/push/x", now=1000.5
    ).split(".")

    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "none", "typ": "JWT"}
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (decoded["aud"], decoded["exp"]) == ("http://127.0.0.1:8081/push/x", 4600)
    assert signature == "unsigned"


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 10), (2, 20), (6, 320), (7, 600), (30, 600), (10_000, 600)]
)
def test_the_back_off_doubles_from_10_to_600_seconds(attempt: int, seconds: float) -> None:
    assert push_request.compute_back_off(attempt, scale=1) == seconds
    assert push_request.compute_back_off(attempt, scale=0.01) == pytest.approx(seconds / 100)


def test_only_productions_codes_acknowledge() -> None:
    assert {code for code in range(100, 600) if code in push_request.ACKNOWLEDGING} == {
        *(102, 200, 201, 202, 204)
    }
