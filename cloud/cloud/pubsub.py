"""The ``Topic`` port over google-cloud-pubsub."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.api_core import exceptions
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.api_core.grpc_helpers import wrap_errors
from google.api_core.retry import Retry, if_exception_type
from google.cloud.pubsub_v1 import PublisherClient
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage

from cloud.errors import Unavailable
from cloud.translation import translate_errors
from schemas.push import Message

_TIMEOUT = 30.0
"""Seconds for one request, and until the last retry begins.

A publish ends in less than four times this time, with the request that it waits for. This is well
below the ack deadline of 600 s.
"""

_RETRY = Retry(
    predicate=if_exception_type(
        exceptions.Aborted,
        exceptions.Cancelled,
        exceptions.DeadlineExceeded,
        exceptions.InternalServerError,
        exceptions.ResourceExhausted,
        exceptions.ServiceUnavailable,
        exceptions.Unknown,
    ),
    initial=0.1,
    multiplier=4,
    maximum=60.0,
    timeout=_TIMEOUT,
)
"""Retry of the library for a publish, with a shorter time."""

_PublishRequest, _PubsubMessage = PublishRequest.pb(), PubsubMessage.pb()
"""Classes of protobuf."""


def connect() -> PublisherClient:
    """Create a client of ``PUBSUB_EMULATOR_HOST``, or of Pub/Sub if that is unset.

    :raises Unavailable: if there are no credentials.
    """
    with translate_errors("Pub/Sub"):
        return PublisherClient()


MOST, LARGEST = 100, 1_000_000
"""Messages, and bytes of their data, in one request. A larger message is alone in its request.

Pub/Sub accepts 1,000 messages of together 10 MB: https://cloud.google.com/pubsub/quotas
"""


@dataclass(slots=True, eq=False)
class _PendingMessage:
    message: object
    """Message of protobuf."""
    size: int
    """Bytes of its data."""
    is_done: bool = False
    error: Exception | None = None


class PubsubTopic:
    """One Pub/Sub topic. It implements :class:`cloud.ports.Topic`.

    A message is sent at once, in the thread of its caller. Messages that other threads publish
    during a request are in the next one together, because a request takes more CPU time than a
    message. The request is plain protobuf on the channel of the client, because the library's
    method takes more CPU time than the call.

    :param build_attributes: returns the attributes of each message, for example its trace.
    """

    def __init__(
        self,
        client: PublisherClient,
        project: str,
        name: str,
        build_attributes: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._path = client.topic_path(project, name)
        self._routing = (to_grpc_metadata({"topic": self._path}),)  # type: ignore[no-untyped-call]  # Google's
        self._send = _RETRY(wrap_errors(_find_method(client)))  # type: ignore[no-untyped-call]  # Google's
        self._build_attributes = build_attributes
        self._waiting = deque[_PendingMessage]()
        self._sending = threading.Lock()

    def publish(self, message: Message) -> None:
        """Publish a message and wait until Pub/Sub has accepted it."""
        data = message.encode()
        attributes = dict(self._build_attributes())
        pending = _PendingMessage(_PubsubMessage(data=data, attributes=attributes), len(data))
        self._waiting.append(pending)
        with self._sending:
            while not pending.is_done:
                self._send_waiting()
        if pending.error:
            raise pending.error

    def _send_waiting(self) -> None:
        """Send the messages that have waited longest, and record the result in each of them."""
        batch = self._take_batch()
        error: Exception | None = Unavailable(self._path, "the request was interrupted")
        try:
            request = _PublishRequest(topic=self._path, messages=[each.message for each in batch])
            with translate_errors(self._path):
                self._send(request, timeout=_TIMEOUT, metadata=self._routing)
            error = None
        except Exception as raised:  # publish() raises it for every message of the request
            error = raised
        finally:
            for each in batch:
                each.error, each.is_done = error, True

    def _take_batch(self) -> Sequence[_PendingMessage]:
        """Remove messages from those that wait, within the limits of a request."""
        batch = [self._waiting.popleft()]
        size = batch[0].size
        while self._waiting and len(batch) < MOST:
            size += self._waiting[0].size
            if size > LARGEST:
                break
            batch.append(self._waiting.popleft())
        return batch


def _find_method(client: PublisherClient) -> Callable[..., object]:
    """Return the method of Pub/Sub that publishes."""
    method: Callable[..., object] = client.transport.grpc_channel.unary_unary(
        "/google.pubsub.v1.Publisher/Publish",
        request_serializer=_PublishRequest.SerializeToString,
        response_deserializer=PublishResponse.pb().FromString,
    )
    return method
