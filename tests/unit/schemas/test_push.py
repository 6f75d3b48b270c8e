import base64
import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from schemas.push import PushEnvelope, PushMessage

BODY = {
    "message": {
        "data": base64.b64encode(b'{"a":1}').decode(),
        "attributes": {"eventType": "OBJECT_FINALIZE"},
        "messageId": "136969346945",
        "message_id": "136969346945",
        "publishTime": "2026-11-24T05:30:54.937Z",
        "publish_time": "2026-11-24T05:30:54.937Z",
    },
    "subscription": "projects/p/subscriptions/s",
    "deliveryAttempt": 5,
}


def test_the_push_request_of_the_documentation_is_read() -> None:
    assert PushEnvelope.model_validate_json(json.dumps(BODY)) == PushEnvelope(
        message=PushMessage(
            data=base64.b64encode(b'{"a":1}'),
            attributes={"eventType": "OBJECT_FINALIZE"},
            message_id="136969346945",
            publish_time=datetime(2026, 11, 24, 5, 30, 54, 937_000, tzinfo=UTC),
        ),
        subscription="projects/p/subscriptions/s",
        delivery_attempt=5,
    )


def test_data_is_decoded() -> None:
    assert PushEnvelope.model_validate_json(json.dumps(BODY)).message.data == b'{"a":1}'


@pytest.mark.parametrize("missing", ["message", "subscription"])
def test_other_bodies_are_rejected(missing: str) -> None:
    with pytest.raises(ValidationError):
        PushEnvelope.model_validate({key: BODY[key] for key in BODY if key != missing})
