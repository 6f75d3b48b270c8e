"""The seven Pub/Sub messages, one per topic.

=================== ========================= =======================
topic               message                   from → to
=================== ========================= =======================
file-uploaded       :class:`FileUploaded`     CI, the bucket → ingest
file-accepted       :class:`FileAccepted`     ingest → indexer
file-refused        :class:`FileRefused`      ingest, indexer → all
project-command     :class:`ProjectCommand`   operator → indexer
command-accepted    :class:`CommandAccepted`  ingest → indexer
project-indexed     :class:`ProjectIndexed`   indexer → publisher
project-published   :class:`ProjectPublished` publisher → all
=================== ========================= =======================
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from schemas.push import Message
from schemas.records import FileRecord
from schemas.types import (
    KEEP_UNKNOWN_FIELDS,
    Filename,
    Generation,
    ProjectName,
    ReleaseStatus,
    Revision,
    Sha256,
    Status,
    UtcTime,
    Version,
)

Action = Literal["yank", "unyank", "remove", "restore", "set-status"]


class FileUploaded(Message):
    """Upload of a file to the incoming bucket.

    Either typed by hand (``{"bucket": …, "name": …}``) or the object resource of a notification:
    https://cloud.google.com/storage/docs/pubsub-notifications#payload
    """

    topic: ClassVar[str] = "file-uploaded"

    bucket: Annotated[str, Field(min_length=1, max_length=222)]
    """Name of the incoming bucket."""
    name: Annotated[str, Field(min_length=1, max_length=1024)]
    """Name of the object: ``<uploader>/<run id>/<file name>``."""
    generation: Generation | None = None
    """Generation of the object; without it, the live generation."""
    sha256: Sha256 | None = None
    """Expected SHA-256 of the file. The digest in the object's metadata is checked as well."""
    metadata: Mapping[str, str] = Field(default_factory=dict)
    """Custom metadata of the object, in notifications. Ingest reads it from the object instead."""


class FileAccepted(Message):
    """Promotion of a file to the packages bucket. A repeated message has the same content."""

    topic: ClassVar[str] = "file-accepted"

    file: FileRecord
    """Facts of the file, built from the promoted object."""


class FileRefused(Message):
    """Final refusal of a file or a command. The verdict has the same content.

    A refusal with ``filename`` has no verdict: the file was promoted, and is not listed.
    """

    topic: ClassVar[str] = "file-refused"

    reason: str
    """Stable reason code, for example ``digest-mismatch``."""
    detail: str
    """Error, place and remedy, in one or two sentences."""
    bucket: str | None = None
    """Incoming bucket of a refused file, if known."""
    name: str | None = None
    """Name of the incoming object, if known."""
    generation: Generation | None = None
    """Generation of the incoming object, if known."""
    command_id: str | None = None
    """Id of a refused command."""
    message_id: str | None = None
    """Id of a refused message; ``name`` is only what the message names, and is not refused."""
    filename: Filename | None = None
    """File in the packages bucket that is not listed, if the indexer refuses it."""


class ProjectCommand(Message):
    """Command of an operator, or of an uploader for its own project.

    The command with the highest (``issued_at``, ``command_id``) wins, in any order of arrival.
    Ingest passes on fields of a newer release, because they can narrow the command.
    """

    model_config = KEEP_UNKNOWN_FIELDS

    topic: ClassVar[str] = "project-command"

    action: Action
    """Action to apply."""
    project: ProjectName
    """Project that the command changes."""
    version: Version | None = None
    """Version that the command changes, including files of it that are uploaded later."""
    filename: Filename | None = None
    """File that the command changes."""
    status: Status | None = None
    """New status marker (PEP 792); only with ``set-status``.

    With a version, only ``quarantined`` or ``active``: PEP 792 has no status of a release.
    """
    of_uploaders: bool = False
    """True if an ``unyank`` of an operator lifts yanks of uploaders, not of operators."""
    reason: Annotated[str, Field(max_length=500)] | None = None
    """Reason of the yank or the status, shown to users of the project."""
    command_id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.-]+$")] | None = (
        None
    )
    """Id of the command, part of the name of its verdict; default: the message id."""
    issued_at: UtcTime | None = None
    """Time of the command; default: the publish time of the message."""

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if self.action == "set-status":
            if self.status is None or self.filename is not None:
                raise ValueError("set-status needs a status, and no filename")
            if self.version is not None and self.status not in get_args(ReleaseStatus):
                raise ValueError("the status of a version is either quarantined or active")
        elif self.status is not None or (self.version is None) == (self.filename is None):
            raise ValueError(f"{self.action} needs either a version or a filename, and no status")
        if self.of_uploaders and self.action != "unyank":
            raise ValueError("of_uploaders is only for unyank")
        return self


class CommandAccepted(Message):
    """Command that was given with an object in the incoming bucket, and checked by ingest.

    Only ingest may publish to this topic, and the replay of its dead letters. So the author can be
    trusted.
    """

    topic: ClassVar[str] = "command-accepted"

    command: ProjectCommand
    """Command with ``command_id`` and ``issued_at``, which ingest derives from the object."""
    issued_by: Annotated[str, Field(min_length=1, max_length=256)]
    """Author: an uploader, or ``operators/<name>``; see :func:`schemas.layout.split_author`."""

    @model_validator(mode="after")
    def _check_command(self) -> Self:
        if self.command.command_id is None or self.command.issued_at is None:
            raise ValueError("an accepted command has a command_id and issued_at")
        return self


class ProjectIndexed(Message):
    """Commit of a project's record at ``record_revision`` or later."""

    topic: ClassVar[str] = "project-indexed"

    project: ProjectName
    """Normalised name of the project."""
    record_revision: Revision
    """Committed revision of the record."""
    force: bool = False
    """Render pages of this revision again (``rebuild``)."""


class ProjectPublished(Message):
    """Publication of a project's pages at ``record_revision`` or later."""

    topic: ClassVar[str] = "project-published"

    project: ProjectName
    """Normalised name of the project."""
    record_revision: Revision
    """Revision of the rendered record."""
    filenames: tuple[Filename, ...]
    """Files that the pages list."""


MESSAGES: tuple[type[Message], ...] = (
    FileUploaded,
    FileAccepted,
    FileRefused,
    ProjectCommand,
    CommandAccepted,
    ProjectIndexed,
    ProjectPublished,
)
