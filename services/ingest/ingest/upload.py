"""What a message says was uploaded, and what of that cannot be an upload at all."""

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
    """One incoming object, as a message names it."""

    bucket: str
    name: str
    publisher: str
    """The first segment of its name, which IAM guards."""
    filename: str
    """The last segment of its name."""
    generation: int | None
    """The generation that is meant; None: the live one."""
    sha256: Sha256 | None
    """What the message claims its digest to be."""
    found: ObjectInfo | None = None
    """That generation, where the bucket was asked already which one it is."""

    @classmethod
    def from_message(cls, message: FileUploaded) -> Self:
        """Return the upload that a message names."""
        publisher, filename = layout.incoming_parts(message.name)
        return cls(
            bucket=message.bucket,
            name=message.name,
            publisher=publisher,
            filename=filename,
            generation=message.generation,
            sha256=message.sha256,
        )


_LONGEST = 1000
"""Bytes of a name: Cloud Storage takes 1024, and the verdict's is 26 longer.

https://cloud.google.com/storage/docs/objects#naming
"""


class MessageRefused(Exception):
    """What is wrong is the message, not the object it names.

    Whoever may publish can name any object, so a message must never decide about one: it is
    answered under its own id.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


def require_placed(upload: Upload, incoming: str) -> None:
    """Refuse what lies, or would lie, where no upload may.

    :raises MessageRefused: if it is another bucket, or a name without a publisher before it, or
        one that Cloud Storage or the verdict's name cannot hold.
    """
    if upload.bucket != incoming:
        what = f"{upload.bucket!r} is not the incoming bucket: upload to {incoming!r}"
    elif not upload.publisher or not _storable(upload.name):
        what = (
            f"{upload.name[:200]!a} is no place for an upload: it has to be called "
            f"<publisher>/<run id>/<file name>, in one line of at most {_LONGEST} bytes"
        )
    else:
        return
    raise MessageRefused(Refused(Reason.NOT_ALLOWED, what))


def _storable(name: str) -> bool:
    forbidden = "\r" in name or "\n" in name or name.startswith(".well-known/acme-challenge/")
    return not forbidden and len(name.encode(errors="replace")) <= _LONGEST


def is_no_upload(message: FileUploaded, attributes: Mapping[str, str]) -> bool:
    """Whether it is about something else: a folder, part of a composite upload, another event.

    https://cloud.google.com/storage/docs/pubsub-notifications#events
    """
    event = attributes.get("eventType", _FINALIZE)
    folder = message.name.endswith("/")
    return event != _FINALIZE or folder or message.name.startswith(_COMPOSITE_PARTS)
