import base64
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from chassis import tracing
from chassis.app import create_worker
from chassis.logs import FACTS
from chassis.outcomes import Outcome, TooEarly
from cloud.errors import PreconditionFailed, Unavailable
from schemas.push import PushEnvelope


async def handle(push: PushEnvelope) -> Outcome:
    match push.message.data:
        case b"early":
            raise TooEarly("acme has no 1.0 yet")
        case b"broken":
            raise ValueError("a fault of this service")
        case b"busy":
            raise Unavailable("gs://bucket/name", "503")
        case b"raced":
            raise PreconditionFailed("gs://bucket/name")
        case b"bad":
            return Outcome("refused", file="acme/1/x.whl", reason="not-a-zip", detail="It is not.")
        case b"traced":
            return Outcome("done", detail=tracing.build_attributes()["traceparent"])
        case _:
            return Outcome("done", project="acme", file="acme-1.0.tar.gz", uploader="ci")


def create_client(ready: Exception | None = None) -> TestClient:
    def check() -> None:
        if ready:
            raise ready

    return TestClient(create_worker("acme-prod", {"sub": handle}, check))


def encode_push(data: bytes, **attributes: str) -> str:
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "42",
        "publishTime": "2026-11-24T05:30:54.937Z",
        "attributes": attributes,
    }
    return json.dumps({"message": message, "subscription": "s", "deliveryAttempt": 2})


@pytest.mark.parametrize(
    ("data", "status", "level", "outcome"),
    [
        (b"good", 204, logging.INFO, "done"),
        (b"bad", 204, logging.WARNING, "refused"),
        (b"early", 503, logging.INFO, "too-early"),
        (b"broken", 500, logging.ERROR, "failed"),
        (b"busy", 503, logging.ERROR, "failed"),
        (b"raced", 503, logging.ERROR, "failed"),
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


@pytest.mark.parametrize(
    ("data", "seconds"), [(b"early", "10"), (b"busy", "10"), (b"raced", "10"), (b"broken", None)]
)
def test_a_push_that_can_succeed_later_says_when(data: bytes, seconds: str | None) -> None:
    response = create_client().post("/push/sub", content=encode_push(data))
    assert response.headers.get("retry-after") == seconds


def test_a_refusal_is_logged_with_its_file_reason_and_detail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    create_client().post("/push/sub", content=encode_push(b"bad"))
    (line,) = [record for record in caplog.records if record.name == "chassis.push_endpoint"]
    assert line.getMessage() == "refused acme/1/x.whl not-a-zip It is not."


def push_traced(
    caplog: pytest.LogCaptureFixture, headers: Mapping[str, str], **attributes: str
) -> tuple[dict[str, Any], tracing.Span]:
    """Push a message; return the fields of its line, and the span of published messages."""
    with caplog.at_level(logging.INFO, logger="chassis.push_endpoint"):
        content = encode_push(b"traced", **attributes)
        create_client().post("/push/sub", content=content, headers=headers)
    (line,) = [record for record in caplog.records if record.name == "chassis.push_endpoint"]
    span = tracing.parse_traceparent(line.getMessage().removeprefix("done "))
    assert span is not None
    facts: dict[str, Any] = getattr(line, FACTS)
    return facts, span


CLOUD_RUN = {"X-Cloud-Trace-Context": f"{'ab' * 16}/1;o=1"}


@pytest.mark.parametrize("header", [CLOUD_RUN, {"traceparent": f"00-{'ab' * 16}-{'1' * 16}-01"}])
def test_a_message_without_a_trace_continues_that_of_its_request(
    header: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    facts, span = push_traced(caplog, header)
    assert (span.trace_id, span.is_sampled) == ("ab" * 16, True)
    assert facts["logging.googleapis.com/trace"] == f"projects/acme-prod/traces/{'ab' * 16}"
    assert facts["logging.googleapis.com/spanId"] == span.span_id
    assert facts["logging.googleapis.com/trace_sampled"] is True
    assert facts["request_trace"] is facts["announced_trace"] is None


def test_the_trace_of_a_message_continues_in_its_line_and_in_published_messages(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = f"00-{'cd' * 16}-{'1' * 16}-00"
    facts, span = push_traced(caplog, CLOUD_RUN, traceparent=given)
    assert (span.trace_id, span.is_sampled) == ("cd" * 16, False)
    assert span.span_id != "1" * 16
    assert facts["logging.googleapis.com/trace"] == f"projects/acme-prod/traces/{'cd' * 16}"
    assert facts["request_trace"] == f"projects/acme-prod/traces/{'ab' * 16}"


def test_an_invalid_trace_of_a_message_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    _, span = push_traced(caplog, CLOUD_RUN, traceparent=f"00-{'0' * 32}-{'1' * 16}-01")
    assert span.trace_id == "ab" * 16


def test_without_any_trace_a_message_starts_one(caplog: pytest.LogCaptureFixture) -> None:
    facts, span = push_traced(caplog, {})
    assert facts["logging.googleapis.com/trace"] == f"projects/acme-prod/traces/{span.trace_id}"
    assert tracing.find_current() is None


def test_a_line_has_the_publish_time_and_the_uploader(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="chassis.push_endpoint"):
        create_client().post("/push/sub", content=encode_push(b"good"))
    facts = getattr(caplog.records[-1], FACTS)
    assert facts["published"] == "2026-11-24T05:30:54.937000Z"
    assert facts["uploader"] == "ci"


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
