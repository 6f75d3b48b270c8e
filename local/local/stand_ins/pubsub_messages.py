"""Plain protobuf messages of Pub/Sub, for code that runs for each message.

Access to a field of a plain message takes a fraction of the CPU time of the library's wrapper. The
names of the fields are the same, so the type checker sees the wrappers. A submessage of a plain
message is always true, and cannot be assigned.
"""

from typing import TYPE_CHECKING

from google.pubsub_v1 import types

if TYPE_CHECKING:
    from google.pubsub_v1.types import (
        AcknowledgeRequest,
        ModifyAckDeadlineRequest,
        PublishRequest,
        PublishResponse,
        PubsubMessage,
        PullRequest,
        PullResponse,
        ReceivedMessage,
    )
else:
    AcknowledgeRequest = types.AcknowledgeRequest.pb()
    ModifyAckDeadlineRequest = types.ModifyAckDeadlineRequest.pb()
    PublishRequest = types.PublishRequest.pb()
    PublishResponse = types.PublishResponse.pb()
    PubsubMessage = types.PubsubMessage.pb()
    PullRequest = types.PullRequest.pb()
    PullResponse = types.PullResponse.pb()
    ReceivedMessage = types.ReceivedMessage.pb()

__all__ = [
    "AcknowledgeRequest",
    "ModifyAckDeadlineRequest",
    "PublishRequest",
    "PublishResponse",
    "PubsubMessage",
    "PullRequest",
    "PullResponse",
    "ReceivedMessage",
]
