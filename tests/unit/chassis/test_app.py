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


def client(ready: Exception | None = None) -> TestClient:
    def prove() -> None:
        if ready:
            raise ready

    return TestClient(create_worker("acme-prod", {"sub": handle}, prove))


def body(data: bytes) -> str:
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
def test_each_outcome_has_its_answer_and_its_one_log_line(
    data: bytes, status: int, level: int, outcome: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="chassis.push"):
        answer = client().post("/push/sub", content=body(data))
    assert answer.status_code == status
    assert answer.content == b""
    (line,) = [record for record in caplog.records if record.name == "chassis.push"]
    facts = getattr(line, FACTS)
    assert line.levelno == level
    assert (facts["outcome"], facts["message_id"]) == (outcome, "42")
    assert (facts["subscription"], facts["delivery_attempt"]) == ("sub", 2)
    assert facts["milliseconds"] >= 0
    assert bool(line.exc_info) == (outcome == "failed")


def test_a_refusal_is_logged_with_its_file_its_reason_and_its_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client().post("/push/sub", content=body(b"bad"))
    assert [record.getMessage() for record in caplog.records if record.name == "chassis.push"] == [
        "refused acme/1/x.whl not-a-zip It is not."
    ]


def test_a_line_names_the_trace_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="chassis.push"):
        headers = {"X-Cloud-Trace-Context": f"{'ab' * 16}/1;o=1"}
        client().post("/push/sub", content=body(b"good"), headers=headers)
    (line,) = [record for record in caplog.records if record.name == "chassis.push"]
    trace = getattr(line, FACTS)["logging.googleapis.com/trace"]
    assert trace == f"projects/acme-prod/traces/{'ab' * 16}"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"message":{}}'])
def test_what_is_no_push_envelope_is_a_bad_request(content: str) -> None:
    answer = client().post("/push/sub", content=content)
    assert answer.status_code == 400
    assert answer.text.startswith("no push envelope: ")


def test_unknown_subscriptions_and_methods_are_not_served() -> None:
    assert client().post("/push/other", content=body(b"good")).status_code == 404
    assert client().get("/push/sub").status_code == 405


def test_health_is_the_process_and_ready_is_what_it_stands_on() -> None:
    assert client().get("/health").text == "ok\n"
    assert client().get("/ready").text == "ready\n"
    unready = client(Unavailable("gs://packages/ready", "403")).get("/ready")
    assert (unready.status_code, unready.headers["retry-after"]) == (503, "5")
    assert unready.text == "not ready: gs://packages/ready: 403\n"
