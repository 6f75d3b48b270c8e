"""The ``Topic`` port over google-cloud-pubsub."""

from collections.abc import Callable, Mapping

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud.pubsub_v1 import PublisherClient
from google.pubsub_v1 import PublisherClient as UnaryPublisherClient
from google.pubsub_v1.types import PubsubMessage

from cloud.translation import translate_errors
from schemas.push import Message

_TIMEOUT = 60.0
"""Seconds to wait for Pub/Sub to accept a message: well below the ack deadline of 600 s."""

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


def connect() -> PublisherClient:
    """Create a client of ``PUBSUB_EMULATOR_HOST``, or of Pub/Sub if that is unset.

    :raises Unavailable: if there are no credentials.
    """
    with translate_errors("Pub/Sub"):
        return PublisherClient()


class PubsubTopic:
    """One Pub/Sub topic. It implements :class:`cloud.ports.Topic`.

    Each message is one request in the thread of the caller. A push handler awaits each message
    before it responds, so a batch would have one message and a thread of its own.

    :param build_attributes: returns the attributes of each message, for example its trace.
    """

    def __init__(
        self,
        client: PublisherClient,
        project: str,
        name: str,
        build_attributes: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._client = UnaryPublisherClient(transport=client.transport)
        self._path = client.topic_path(project, name)
        self._build_attributes = build_attributes

    def publish(self, message: Message) -> None:
        """Publish a message and wait until Pub/Sub has accepted it."""
        sent = PubsubMessage(data=message.encode(), attributes=dict(self._build_attributes()))
        with translate_errors(self._path):
            self._client.publish(topic=self._path, messages=[sent], retry=_RETRY, timeout=_TIMEOUT)
