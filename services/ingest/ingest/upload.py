"""What a message says was uploaded, and what of that cannot be an upload at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ingest.refusal import Refused
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

    @classmethod
    def of(cls, message: FileUploaded) -> Self:
        """Take a message apart."""
        publisher, filename = layout.incoming_parts(message.name)
        return cls(
            bucket=message.bucket,
            name=message.name,
            publisher=publisher,
            filename=filename,
            generation=message.generation,
            sha256=message.sha256,
        )


class MessageRefused(Exception):
    """What is wrong is the message, not the object it names.

    Whoever may publish can name any object, so a message must never decide about one: it is
    answered under its own id.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


def is_no_upload(message: FileUploaded, attributes: Mapping[str, str]) -> bool:
    """Whether it is about something else: a folder, part of a composite upload, another event.

    https://cloud.google.com/storage/docs/pubsub-notifications#events
    """
    event = attributes.get("eventType", _FINALIZE)
    folder = message.name.endswith("/")
    return event != _FINALIZE or folder or message.name.startswith(_COMPOSITE_PARTS)
