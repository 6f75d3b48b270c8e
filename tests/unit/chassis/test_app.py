import base64
import json
import logging

import pytest
from starlette.testclient import TestClient

from chassis.app import create_worker
from chassis.logs import FACTS
from chassis.outcomes import Outcome, TooEarly
from cloud.errors import Unavailable
from schemas.push import PushEnvelope


async def handle(push: PushEnvelope) -> Outcome:
    match push.message.data:
        case b"early":
            raise TooEarly("acme has no 1.0 yet")
        case b"broken":
            raise Unavailable("gs://bucket/name", "503")
        case b"bad":
            return Outcome("refused", file="acme/1/x.whl", reason="not-a-zip", detail="It is not.")
        case _:
            return Outcome("done", project="acme", file="acme-1.0.tar.gz")


def create_client(ready: Exception | None = None) -> TestClient:
    def check() -> None:
        if ready:
            raise ready

    return TestClient(create_worker("acme-prod", {"sub": handle}, check))


def encode_push(data: bytes) -> str:
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "42",
        "publishTime": "2026-11-24T05:30:54.937Z",
    }
    return json.dumps({"message": message, "subscription": "s", "deliveryAttempt": 2})


@pytest.mark.parametrize(
    ("data", "status", "level", "outcome"),
    [
        (b"good", 204, logging.INFO, "done"),
        (b"bad", 204, logging.WARNING, "refused"),
        (b"early", 503, logging.INFO, "too-early"),
        (b"broken", 500, logging.ERROR, "failed"),
    ],
)
def test_each_outcome_has_its_status_and_one_log_line(
    data: bytes, status: int, level: int, outcome: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="chassis.push_endpoint"):
        response = create_client().post("/push/sub", content=encode_push(data))
    assert response.status_code == status
    assert response.content == b""
    (line,) = [record for record in caplog.records if record.name == "chassis.push_endpoint"]
    facts = getattr(line, FACTS)
    assert line.levelno == level
    assert (facts["outcome"], facts["message_id"]) == (outcome, "42")
    assert (facts["subscription"], facts["delivery_attempt"]) == ("sub", 2)
    assert facts["milliseconds"] >= 0
    assert bool(line.exc_info) == (outcome == "failed")


def test_a_refusal_is_logged_with_its_file_reason_and_detail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    create_client().post("/push/sub", content=encode_push(b"bad"))
    (line,) = [record for record in caplog.records if record.name == "chassis.push_endpoint"]
    assert line.getMessage() == "refused acme/1/x.whl not-a-zip It is not."


def test_a_line_names_the_trace_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="chassis.push_endpoint"):
        headers = {"X-Cloud-Trace-Context": f"{'ab' * 16}/1;o=1"}
        create_client().post("/push/sub", content=encode_push(b"good"), headers=headers)
    (line,) = [record for record in caplog.records if record.name == "chassis.push_endpoint"]
    trace = getattr(line, FACTS)["logging.googleapis.com/trace"]
    assert trace == f"projects/acme-prod/traces/{'ab' * 16}"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"message":{}}'])
def test_a_body_without_push_envelope_is_a_bad_request(content: str) -> None:
    response = create_client().post("/push/sub", content=content)
    assert response.status_code == 400
    assert response.text.startswith("no push envelope: ")


def test_unknown_subscriptions_and_methods_are_not_served() -> None:
    assert create_client().post("/push/other", content=encode_push(b"good")).status_code == 404
    assert create_client().get("/push/sub").status_code == 405


def test_health_checks_the_process_and_ready_checks_its_dependencies() -> None:
    assert create_client().get("/health").text == "ok\n"
    assert create_client().get("/ready").text == "ready\n"
    unready = create_client(Unavailable("gs://packages/ready", "403")).get("/ready")
    assert (unready.status_code, unready.headers["retry-after"]) == (503, "5")
    assert unready.text == "not ready: gs://packages/ready: 403\n"
