"""The six messages, each the data of one topic's messages (DESIGN: "Messages").

=================== ========================= =======================
topic               message                   from → to
=================== ========================= =======================
file-uploaded       :class:`FileUploaded`     CI, the bucket → ingest
file-accepted       :class:`FileAccepted`     ingest → indexer
file-refused        :class:`FileRefused`      ingest, indexer → all
project-command     :class:`ProjectCommand`   an operator → indexer
project-indexed     :class:`ProjectIndexed`   indexer → publisher
project-published   :class:`ProjectPublished` publisher → all
=================== ========================= =======================
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationError, model_validator

from schemas.records import FileRecord
from schemas.types import (
    Document,
    Filename,
    Generation,
    ProjectName,
    Revision,
    Sha256,
    Status,
    UtcTime,
    Version,
)

Action = Literal["yank", "unyank", "remove", "restore", "set-status"]


MAX_DETAIL_LENGTH = 1000
"""Characters of a detail: it may quote the sender, who may send megabytes."""


class UnreadableMessage(Exception):
    """Data that is not the message it should be; ``detail`` is a sentence that says where."""

    def __init__(self, topic: str, error: ValidationError) -> None:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'message'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)[:5]
        )
        self.detail = f"not a {topic} message: {problems}"[:MAX_DETAIL_LENGTH]
        super().__init__(self.detail)


class Message(Document):
    """One JSON object, the data of a Pub/Sub message."""

    topic: ClassVar[str]
    """The topic that carries it, and nothing else."""

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a message.

        :raises UnreadableMessage: if ``data`` is not JSON, or lacks or garbles a field.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise UnreadableMessage(cls.topic, error) from error


class FileUploaded(Message):
    """A file lies in the incoming bucket.

    Typed by hand (``{"bucket": …, "name": …}``) or the object resource that Cloud Storage sends:
    https://cloud.google.com/storage/docs/pubsub-notifications#payload
    """

    topic: ClassVar[str] = "file-uploaded"

    bucket: Annotated[str, Field(min_length=1, max_length=222)]
    """The incoming bucket."""
    name: Annotated[str, Field(min_length=1, max_length=1024)]
    """The object's name: ``<publisher>/<run id>/<file name>``."""
    generation: Generation | None = None
    """The object's generation; the live one where it is not given."""
    sha256: Sha256 | None = None
    """What the sender believes the file's digest to be: checked beside the object's own claim."""
    metadata: Mapping[str, str] = Field(default_factory=dict)
    """The object's custom metadata, in notifications. Not relied on: the object is asked."""


class FileAccepted(Message):
    """A file was promoted to the packages bucket; sent again, it says the same."""

    topic: ClassVar[str] = "file-accepted"

    file: FileRecord
    """All there is to know of it, built from the promoted object."""


class FileRefused(Message):
    """A file or a command was refused, for good; the verdict says the same."""

    topic: ClassVar[str] = "file-refused"

    reason: str
    """A stable code, such as ``digest-mismatch``."""
    detail: str
    """A sentence: what was wrong, where, and what to do."""
    bucket: str | None = None
    """The incoming bucket, where it is about a file and known."""
    name: str | None = None
    """The incoming object's name, where known."""
    generation: Generation | None = None
    """The incoming object's generation, where known."""
    command_id: str | None = None
    """The command that was refused, where it is about one."""


class ProjectCommand(Message):
    """An operator's wish; the newest by (``issued_at``, ``command_id``) wins, whenever it comes."""

    topic: ClassVar[str] = "project-command"

    action: Action
    """What to do."""
    project: ProjectName
    """To which project."""
    version: Version | None = None
    """To which version of it, with the files of that version that come later."""
    filename: Filename | None = None
    """To which file of it."""
    status: Status | None = None
    """The new status, with ``set-status`` only (PEP 792)."""
    reason: Annotated[str, Field(max_length=500)] | None = None
    """Why, for whoever meets the yank or the status."""
    command_id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.-]+$")] | None = (
        None
    )
    """The command's name, under which its answer is stored; default: the message id."""
    issued_at: UtcTime | None = None
    """When it was wished; default: the publish time."""

    @model_validator(mode="after")
    def _has_one_object(self) -> Self:
        if self.action == "set-status":
            if self.status is None or self.version is not None or self.filename is not None:
                raise ValueError("set-status takes a status, and neither version nor filename")
        elif self.status is not None or (self.version is None) == (self.filename is None):
            raise ValueError(f"{self.action} takes either a version or a filename, and no status")
        return self


class ProjectIndexed(Message):
    """A project's record is at ``record_revision``, or later."""

    topic: ClassVar[str] = "project-indexed"

    project: ProjectName
    """The project."""
    record_revision: Revision
    """The revision of its record that was committed."""
    force: bool = False
    """Render the pages even if they say they are of that revision (``rebuild``)."""


class ProjectPublished(Message):
    """A project's pages are those of ``record_revision``, or later."""

    topic: ClassVar[str] = "project-published"

    project: ProjectName
    """The project."""
    record_revision: Revision
    """The revision of the record the pages were rendered from."""
    filenames: tuple[Filename, ...]
    """The files its pages now offer."""


MESSAGES: tuple[type[Message], ...] = (
    FileUploaded,
    FileAccepted,
    FileRefused,
    ProjectCommand,
    ProjectIndexed,
    ProjectPublished,
)
