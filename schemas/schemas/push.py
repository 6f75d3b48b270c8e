"""Push requests of Pub/Sub: the envelope, and the base of the messages in it.

https://cloud.google.com/pubsub/docs/push#receive_push
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Base64Bytes, ConfigDict, Field, ValidationError

from schemas.types import MAX_DETAIL_LENGTH, Document, Model, UtcTime


class PushMessage(Model):
    """Message inside the envelope."""

    model_config = ConfigDict(populate_by_name=True)

    data: Base64Bytes = b""
    """Data of the message, base64 in JSON."""
    attributes: Mapping[str, str] = Field(default_factory=dict)
    """Attributes of the message; Cloud Storage notifications have ``eventType`` and others."""
    message_id: Annotated[str, Field(alias="messageId", min_length=1)]
    """Id from the server, unique within the topic."""
    publish_time: Annotated[UtcTime, Field(alias="publishTime")]
    """Publish time, set by the server."""


class PushEnvelope(Model):
    """Body of one push request."""

    model_config = ConfigDict(populate_by_name=True)

    message: PushMessage
    """Wrapped message."""
    subscription: str
    """Resource name of the subscription: ``projects/<gcp_project>/subscriptions/<name>``."""
    delivery_attempt: Annotated[int | None, Field(alias="deliveryAttempt")] = None
    """Number of the delivery attempt, from 1; only with a dead-letter policy."""


class UnreadableMessage(Exception):
    """Data that is not a message of its topic; ``detail`` names the invalid fields."""

    def __init__(self, topic: str, error: ValidationError) -> None:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'message'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)[:5]
        )
        self.detail = f"not a {topic} message: {problems}"[:MAX_DETAIL_LENGTH]
        super().__init__(self.detail)


class Message(Document):
    """Base of the messages: one JSON object, the data of a Pub/Sub message."""

    topic: ClassVar[str]
    """Topic of the message; a topic has one kind of message."""

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode a message.

        :raises UnreadableMessage: if ``data`` is not JSON, or a field is missing or invalid.
        :raises NewerSchemaVersion: if a newer release wrote the message in a newer form. Handlers
            pass it on, so that Pub/Sub delivers the message again.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise UnreadableMessage(cls.topic, error) from error
