"""The ``Topic`` port over google-cloud-pubsub."""

from collections.abc import Callable, Mapping

from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings

from cloud.translation import translate_errors
from schemas.push import Message

_TIMEOUT = 60.0
"""Seconds to wait for Pub/Sub to accept a message: well below the ack deadline of 600 s."""


def connect() -> PublisherClient:
    """Create a client of ``PUBSUB_EMULATOR_HOST``, or of Pub/Sub if that is unset.

    A push handler awaits each message before it responds, so a batch has one message: 2.5 ms per
    message instead of 16 ms.

    :raises Unavailable: if there are no credentials.
    """
    with translate_errors("Pub/Sub"):
        return PublisherClient(batch_settings=BatchSettings(max_messages=1))


class PubsubTopic:
    """One Pub/Sub topic. It implements :class:`cloud.ports.Topic`.

    :param build_attributes: returns the attributes of each message, for example its trace.
    """

    def __init__(
        self,
        client: PublisherClient,
        project: str,
        name: str,
        build_attributes: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._client = client
        self._path = client.topic_path(project, name)
        self._build_attributes = build_attributes

    def publish(self, message: Message) -> None:
        """Publish a message and wait until Pub/Sub has accepted it."""
        with translate_errors(self._path):
            attributes = self._build_attributes()
            published = self._client.publish(self._path, message.encode(), **attributes)
            published.result(timeout=_TIMEOUT)
