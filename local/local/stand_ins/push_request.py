"""Push requests of production Pub/Sub, and its back-off, as pure functions for the relay.

https://cloud.google.com/pubsub/docs/push
"""

import base64
import json
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from local.stand_ins.pubsub_messages import PubsubMessage, ReceivedMessage

ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
ACCOUNT = "push@gcpypi-local.iam.gserviceaccount.com"


def make_envelope(received: ReceivedMessage, subscription: str) -> dict[str, Any]:
    """Return the wrapped message with all keys of production."""
    body: dict[str, Any] = {
        "message": _encode_message(received.message),
        "subscription": subscription,
    }
    if received.delivery_attempt:
        body["deliveryAttempt"] = received.delivery_attempt
    return body


def _encode_message(message: PubsubMessage) -> dict[str, Any]:
    published = message.publish_time.ToJsonString()
    body: dict[str, Any] = {
        "data": base64.b64encode(message.data).decode(),
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": published,
        "publish_time": published,
    }
    # Production leaves out empty values.
    if message.attributes:
        body["attributes"] = dict(message.attributes)
    if message.ordering_key:
        body["orderingKey"] = message.ordering_key
    return body


def make_bearer_token(endpoint: str, now: float) -> str:
    """Return an unsigned token in the form of production's, for code that parses it."""
    return _make_token(endpoint, int(now))


@lru_cache(maxsize=16)
def _make_token(endpoint: str, second: int) -> str:
    claims = {
        "aud": endpoint,
        "email": ACCOUNT,
        "email_verified": True,
        "exp": second + 3600,
        "iat": second,
        "iss": "https://accounts.google.com",
        "sub": ACCOUNT,
    }
    return ".".join(
        [_encode_segment({"alg": "none", "typ": "JWT"}), _encode_segment(claims), "unsigned"]
    )


def make_traceparent() -> str:
    """Return a new value of ``traceparent``, which Cloud Run adds to each request.

    https://cloud.google.com/run/docs/trace
    """
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def _encode_segment(part: Mapping[str, Any]) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode())
    return encoded.decode().rstrip("=")


def compute_back_off(
    attempt: int, scale: float, shortest: float = 10, longest: float = 600
) -> float:
    """Return the seconds between a failed delivery and the next one.

    :param attempt: number of deliveries, from 1.
    :param scale: factor; 1 gives the times of production's retry policy.
    """
    # Limit the exponent, because the power of a large attempt exceeds a float.
    wait: float = min(longest, shortest * 2 ** min(attempt - 1, 16))
    return wait * scale
