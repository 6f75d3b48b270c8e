"""What production push sends and how it takes the answer, as values: the relay's pure part.

https://cloud.google.com/pubsub/docs/push
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
ACCOUNT = "push@gcpypi-local.iam.gserviceaccount.com"


def envelope(received: ReceivedMessage, subscription: str) -> dict[str, Any]:
    """Return the wrapped message, with every key that production sends."""
    body: dict[str, Any] = {
        "message": _message(received.message),
        "subscription": subscription,
    }
    if received.delivery_attempt:
        body["deliveryAttempt"] = received.delivery_attempt
    return body


def _message(message: PubsubMessage) -> dict[str, Any]:
    published = _rfc3339(message)
    body: dict[str, Any] = {
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": published,
        "publish_time": published,
    }
    # Production leaves out what is empty.
    if message.attributes:
        body["attributes"] = dict(message.attributes)
    if message.ordering_key:
        body["orderingKey"] = message.ordering_key
    return body


def _rfc3339(message: PubsubMessage) -> str:
    published: str = PubsubMessage.pb(message).publish_time.ToJsonString()
    return published


def bearer(endpoint: str, now: float) -> str:
    """Return a token of the form of production's, for code that reads one; nobody signed it."""
    claims = {
        "aud": endpoint,
        "email": ACCOUNT,
        "email_verified": True,
        "exp": int(now) + 3600,
        "iat": int(now),
        "iss": "https://accounts.google.com",
        "sub": ACCOUNT,
    }
    return ".".join([_segment({"alg": "none", "typ": "JWT"}), _segment(claims), "unsigned"])


def _segment(part: Mapping[str, Any]) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode())
    return encoded.decode().rstrip("=")


def back_off(attempt: int, scale: float, shortest: float = 10, longest: float = 600) -> float:
    """Return the seconds to hold a message that was refused, before it goes round again.

    :param attempt: how often it has been delivered, from 1.
    :param scale: 1 waits as long as production's retry policy.
    """
    # Capped before the power, which is beyond a float for a large attempt.
    wait: float = min(longest, shortest * 2 ** min(attempt - 1, 16))
    return wait * scale
