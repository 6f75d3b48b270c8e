"""Publication of one message: retries and errors."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import grpc
import pytest
from google.pubsub_v1.types import PublishRequest, PublishResponse

from cloud import errors, pubsub
from cloud.pubsub import PubsubTopic
from schemas.events import ProjectIndexed
from schemas.names import ProjectName

MESSAGE = ProjectIndexed(project=ProjectName("acme"), record_revision=7)
PATH = "projects/p/topics/project-indexed"


class FailingPublisher:
    """Server of ``Publish`` that answers the first requests with an error."""

    def __init__(self) -> None:
        self.failures: list[grpc.StatusCode] = []
        self.requests: list[PublishRequest] = []
        self.routings: list[object] = []

    def publish(self, request: PublishRequest, context: grpc.ServicerContext) -> PublishResponse:
        self.requests.append(request)
        self.routings.append(dict(context.invocation_metadata())["x-goog-request-params"])
        if self.failures:
            context.abort(self.failures.pop(0), "failed")
        return PublishResponse(message_ids=["1"])


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingPublisher]:
    failing = FailingPublisher()
    handler = grpc.unary_unary_rpc_method_handler(
        failing.publish, PublishRequest.deserialize, PublishResponse.serialize
    )
    service = grpc.method_handlers_generic_handler(
        "google.pubsub.v1.Publisher", {"Publish": handler}
    )
    server = grpc.server(ThreadPoolExecutor(1), handlers=[service])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    yield failing
    server.stop(None).wait()


def publish() -> None:
    with pubsub.connect() as client:
        attributes = {"traceparent": "00-1"}
        PubsubTopic(client, "p", "project-indexed", lambda: attributes).publish(MESSAGE)


def test_a_message_is_one_request(publisher: FailingPublisher) -> None:
    publish()
    (request,) = publisher.requests
    (message,) = request.messages
    assert (request.topic, message.data) == (PATH, MESSAGE.encode())
    assert dict(message.attributes) == {"traceparent": "00-1"}


def test_a_request_names_its_topic_for_the_routing(publisher: FailingPublisher) -> None:
    publish()
    assert publisher.routings == [f"topic={quote(PATH)}"]


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
def test_a_transient_failure_is_retried(publisher: FailingPublisher, code: grpc.StatusCode) -> None:
    publisher.failures = [code]
    publish()
    assert len(publisher.requests) == 2


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, errors.PermissionDenied),
        (grpc.StatusCode.NOT_FOUND, errors.NotFound),
        (grpc.StatusCode.INVALID_ARGUMENT, errors.Unavailable),
    ],
)
def test_a_final_failure_is_translated_at_once(
    publisher: FailingPublisher, code: grpc.StatusCode, error: type[errors.CloudError]
) -> None:
    publisher.failures = [code]
    with pytest.raises(error, match=f"^{PATH}: .*failed"):
        publish()
    assert len(publisher.requests) == 1
