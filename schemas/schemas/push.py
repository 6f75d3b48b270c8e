"""What Pub/Sub POSTs to a push endpoint: the wrapped message.

https://cloud.google.com/pubsub/docs/push#receive_push
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Base64Bytes, ConfigDict, Field

from schemas.types import Model, UtcTime


class PushMessage(Model):
    """The message inside the envelope."""

    model_config = ConfigDict(populate_by_name=True)

    data: Base64Bytes = b""
    """The message's data, base64 in JSON."""
    attributes: Mapping[str, str] = Field(default_factory=dict)
    """The message's attributes; ``eventType`` and others in Cloud Storage notifications."""
    message_id: Annotated[str, Field(alias="messageId", min_length=1)]
    """The id the server gave it, unique within the topic."""
    publish_time: Annotated[UtcTime, Field(alias="publishTime")]
    """When the server took it."""


class PushEnvelope(Model):
    """One push request's body."""

    model_config = ConfigDict(populate_by_name=True)

    message: PushMessage
    """The message."""
    subscription: str
    """The subscription, ``projects/<project>/subscriptions/<name>``."""
    delivery_attempt: Annotated[int | None, Field(alias="deliveryAttempt")] = None
    """How often it was delivered, from 1; only with a dead-letter policy."""
