"""Body of a request from Pub/Sub to a push endpoint: the wrapped message.

https://cloud.google.com/pubsub/docs/push#receive_push
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Base64Bytes, ConfigDict, Field

from schemas.types import Model, UtcTime


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
