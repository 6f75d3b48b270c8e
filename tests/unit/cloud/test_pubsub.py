"""Publication of messages: requests, retries and errors."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import quote

import grpc
import pytest
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage

from cloud import errors, pubsub
from cloud.pubsub import PubsubTopic
from schemas.events import ProjectIndexed
from schemas.names import ProjectName

MESSAGE = ProjectIndexed(project=ProjectName("acme"), record_revision=7)
PATH = "projects/p/topics/project-indexed"


class FailingPublisher:
    """Server of ``Publish`` that answers the first requests with an error."""

    def __init__(self) -> None:
        self.failures: list[grpc.StatusCode | None] = []
        self.requests: list[PublishRequest] = []
        self.routings: list[object] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def publish(self, request: PublishRequest, context: grpc.ServicerContext) -> PublishResponse:
        self.requests.append(request)
        self.routings.append(dict(context.invocation_metadata())["x-goog-request-params"])
        self.may_answer.wait()
        if self.failures and (code := self.failures.pop(0)):
            context.abort(code, "failed")
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


@contextmanager
def publish_during_a_request(
    publisher: FailingPublisher, revisions: Sequence[int], project: str = "acme"
) -> Iterator[Sequence[Future[None]]]:
    """Publish a first message, and the others while its request is open. Then answer it."""
    publisher.may_answer.clear()
    with pubsub.connect() as client, ThreadPoolExecutor(len(revisions) + 1) as pool:
        topic = PubsubTopic(client, "p", "project-indexed")
        futures = [pool.submit(topic.publish, MESSAGE)]
        while not publisher.requests:
            time.sleep(0.001)
        for number, revision in enumerate(revisions, 1):
            message = ProjectIndexed(project=ProjectName(project), record_revision=revision)
            futures.append(pool.submit(topic.publish, message))
            while len(topic._waiting) < number:
                time.sleep(0.001)
        publisher.may_answer.set()
        yield futures


def list_revisions(request: PublishRequest) -> list[int]:
    return [ProjectIndexed.decode(each.data).record_revision for each in request.messages]


def test_messages_of_other_threads_during_a_request_are_the_next_one(
    publisher: FailingPublisher,
) -> None:
    with publish_during_a_request(publisher, range(20)) as futures:
        for future in futures:
            future.result()
    assert list(map(list_revisions, publisher.requests)) == [[7], list(range(20))]


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_is_raised_for_the_messages_of_its_request_only(
    publisher: FailingPublisher, failing: int
) -> None:
    publisher.failures = [*[None] * failing, grpc.StatusCode.NOT_FOUND]
    with publish_during_a_request(publisher, range(3)) as futures:
        results = [isinstance(future.exception(), errors.NotFound) for future in futures]
    assert results == ([True, False, False, False] if failing == 0 else [False, True, True, True])
    assert list(map(list_revisions, publisher.requests)) == [[7], [0, 1, 2]]


def test_a_request_has_limits(publisher: FailingPublisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubsub, "MOST", 4)
    with publish_during_a_request(publisher, range(9)) as futures:
        for future in futures:
            future.result()
    assert [len(request.messages) for request in publisher.requests] == [1, 4, 4, 1]


def test_a_message_above_the_limit_is_alone(
    publisher: FailingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub, "LARGEST", 2 * len(MESSAGE.encode()))
    with publish_during_a_request(publisher, [1, 2, 10**300, 3]) as futures:
        for future in futures:
            future.result()
    found = list(map(list_revisions, publisher.requests))
    assert found == [[7], [1, 2], [10**300], [3]]


def test_a_thread_sends_its_own_message_after_those_before_it(
    publisher: FailingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message of another thread can precede it, although this thread comes first to the lock."""
    monkeypatch.setattr(pubsub, "MOST", 1)
    with pubsub.connect() as client:
        topic = PubsubTopic(client, "p", "project-indexed")
        other = pubsub._PendingMessage(PubsubMessage.pb()(data=b"{}"), 2)
        topic._waiting.append(other)
        topic.publish(MESSAGE)
    assert [request.messages[0].data for request in publisher.requests] == [
        b"{}",
        MESSAGE.encode(),
    ]
    assert other.is_done


def test_an_interrupted_request_is_an_error_for_the_other_threads(
    publisher: FailingPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pubsub.connect() as client:
        topic = PubsubTopic(client, "p", "project-indexed")
        other = pubsub._PendingMessage(PubsubMessage.pb()(data=b"{}"), 2)
        topic._waiting.append(other)

        def interrupt(*request: object, **options: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(topic, "_send", interrupt)
        with pytest.raises(KeyboardInterrupt):
            topic.publish(MESSAGE)
    assert isinstance(other.error, errors.Unavailable)
