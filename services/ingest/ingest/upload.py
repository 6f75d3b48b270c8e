"""Upload that a message announces, and the rules for its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from checks.refusal import Reason, Refused
from cloud.ports import ObjectInfo
from schemas import layout
from schemas.events import FileUploaded
from schemas.types import Sha256

_FINALIZE = "OBJECT_FINALIZE"
_COMPOSITE_PREFIX = "gcloud/tmp/"
"""Prefix of the parts of gcloud's composite uploads."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Incoming object that a message announces."""

    bucket: str
    name: str
    uploader: str
    """First segment of the name, or the second one of an upload through the service.

    IAM grants each uploader, and the service, its prefix.
    """
    filename: str
    """Last segment of the name."""
    generation: int | None
    """Generation of the object.

    None in a message: the live generation. None after ``_resolve_generation``: there is no live
    object.
    """
    sha256: Sha256 | None
    """Digest in the message, if any."""
    found: ObjectInfo | None = None
    """Object of this generation, if ingest has already found it in Cloud Storage."""

    @classmethod
    def from_message(cls, message: FileUploaded) -> Self:
        """Return the upload that a message announces."""
        uploader, filename = layout.split_incoming_name(message.name)
        return cls(
            bucket=message.bucket,
            name=message.name,
            uploader=uploader,
            filename=filename,
            generation=message.generation,
            sha256=message.sha256,
        )


_MAX_NAME_SIZE = 999
"""Maximum size of an object name, in bytes.

Cloud Storage accepts 1024. The name of the verdict is longer by ``/<generation>.json``: 22 bytes
with the 16 digits of today's generations, at most 25 (19 digits).

https://cloud.google.com/storage/docs/objects#naming
"""


class MessageRefused(Exception):
    """Refusal of a message, but not of its object.

    Every client with the right to publish can announce any object. So an invalid message must not
    cause the refusal of an object: ingest stores the verdict under the id of the message.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


def require_upload_name(upload: Upload, incoming: str) -> None:
    """Check the bucket and the name of an upload.

    :raises MessageRefused: if the bucket is not the incoming bucket, or if the name has no
        uploader, is invalid, or is too long.
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


def is_upload(message: FileUploaded, attributes: Mapping[str, str]) -> bool:
    """Return False for folders, parts of composite uploads and events other than a new object.

    https://cloud.google.com/storage/docs/pubsub-notifications#events
    """
    if attributes.get("eventType", _FINALIZE) != _FINALIZE:
        return False
    return not message.name.endswith("/") and not message.name.startswith(_COMPOSITE_PREFIX)
