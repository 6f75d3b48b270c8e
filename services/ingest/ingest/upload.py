"""Uploads named by messages, and the rules for their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from checks.refusal import Reason, Refused
from cloud.ports import ObjectInfo
from schemas import layout
from schemas.events import FileUploaded
from schemas.types import Sha256

_FINALIZE = "OBJECT_FINALIZE"
_COMPOSITE_PARTS = "gcloud/tmp/"


@dataclass(frozen=True, slots=True)
class Upload:
    """Incoming object, as named in a message."""

    bucket: str
    name: str
    uploader: str
    """First segment of the name; IAM grants each uploader its prefix."""
    filename: str
    """Last segment of the name."""
    generation: int | None
    """Generation of the object; None: the live generation."""
    sha256: Sha256 | None
    """Digest in the message, if any."""
    found: ObjectInfo | None = None
    """Resource of this generation, if it was already requested from Cloud Storage."""

    @classmethod
    def from_message(cls, message: FileUploaded) -> Self:
        """Return the upload named in a message."""
        uploader, filename = layout.split_incoming_name(message.name)
        return cls(
            bucket=message.bucket,
            name=message.name,
            uploader=uploader,
            filename=filename,
            generation=message.generation,
            sha256=message.sha256,
        )


_MAX_NAME_SIZE = 1000
"""Bytes of an object name. Cloud Storage accepts 1024, and the name of the verdict is 26 longer.

https://cloud.google.com/storage/docs/objects#naming
"""


class MessageRefused(Exception):
    """Refusal of a message; the object named in the message is not refused.

    Every client with the right to publish can name any object. So a message must never decide
    about an object: the answer is stored under the id of the message.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


def require_upload_name(upload: Upload, incoming: str) -> None:
    """Check the bucket and the name of an upload.

    :raises MessageRefused: if the bucket is not the incoming bucket, if the name does not begin
        with an uploader, or if it is invalid or too long for the object or its verdict.
    """
    if upload.bucket != incoming:
        detail = f"{upload.bucket!r} is not the incoming bucket: upload to {incoming!r}"
    elif not upload.uploader or not _is_storable(upload.name):
        detail = (
            f"{upload.name[:200]!a} is not a valid name of an upload: use "
            f"<uploader>/<run id>/<file name>, in one line of at most {_MAX_NAME_SIZE} bytes"
        )
    else:
        return
    raise MessageRefused(Refused(Reason.NOT_ALLOWED, detail))


def _is_storable(name: str) -> bool:
    forbidden = "\r" in name or "\n" in name or name.startswith(".well-known/acme-challenge/")
    return not forbidden and len(name.encode(errors="replace")) <= _MAX_NAME_SIZE


def is_no_upload(message: FileUploaded, attributes: Mapping[str, str]) -> bool:
    """Return True for folders, parts of composite uploads and events other than a new object.

    https://cloud.google.com/storage/docs/pubsub-notifications#events
    """
    event = attributes.get("eventType", _FINALIZE)
    folder = message.name.endswith("/")
    return event != _FINALIZE or folder or message.name.startswith(_COMPOSITE_PARTS)
