"""The ``Topic`` port over google-cloud-pubsub."""

from collections.abc import Callable, Mapping

from google.api_core import exceptions
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.api_core.grpc_helpers import wrap_errors
from google.api_core.retry import Retry, if_exception_type
from google.cloud.pubsub_v1 import PublisherClient
from google.pubsub_v1.types import PublishRequest, PublishResponse

from cloud.translation import translate_errors
from schemas.push import Message

_TIMEOUT = 60.0
"""Seconds for one request, and until the last retry begins.

A publish ends in less than twice this time, well below the ack deadline of 600 s.
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

_PublishRequest = PublishRequest.pb()
"""Class of protobuf for the request."""


def connect() -> PublisherClient:
    """Create a client of ``PUBSUB_EMULATOR_HOST``, or of Pub/Sub if that is unset.

    :raises Unavailable: if there are no credentials.
    """
    with translate_errors("Pub/Sub"):
        return PublisherClient()


class PubsubTopic:
    """One Pub/Sub topic. It implements :class:`cloud.ports.Topic`.

    Each message is one request in the thread of the caller. A push handler awaits each message
    before it responds, so a batch would have one message and a thread of its own. The request is
    plain protobuf on the channel of the client, because the library's method takes more CPU time
    than the call.

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

    def publish(self, message: Message) -> None:
        """Publish a message and wait until Pub/Sub has accepted it."""
        request = _PublishRequest(topic=self._path)
        request.messages.add(data=message.encode(), attributes=dict(self._build_attributes()))
        with translate_errors(self._path):
            self._send(request, timeout=_TIMEOUT, metadata=self._routing)


def _find_method(client: PublisherClient) -> Callable[..., object]:
    """Return the method of Pub/Sub that publishes."""
    method: Callable[..., object] = client.transport.grpc_channel.unary_unary(
        "/google.pubsub.v1.Publisher/Publish",
        request_serializer=_PublishRequest.SerializeToString,
        response_deserializer=PublishResponse.pb().FromString,
    )
    return method
