"""What is stored: a file's facts, a project's record, verdicts, and what is blocked."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from schemas.types import (
    Document,
    Filename,
    Generation,
    Model,
    ProjectName,
    Release,
    Revision,
    Sha256,
    Status,
    UtcTime,
    Version,
)


class FileRecord(Model):
    """The facts of one distribution file, always built from the promoted object."""

    filename: Filename
    """The file's name, which is the object's in the packages bucket."""
    project: ProjectName
    """The project it belongs to, normalised."""
    version: Version
    """The version it is of, in normal form."""
    sha256: Sha256
    """The digest of its bytes."""
    size: Annotated[int, Field(ge=0)]
    """Its length in bytes (PEP 700)."""
    upload_time: UtcTime
    """When the incoming object that was promoted was created, by Cloud Storage's clock."""
    uploader: str
    """The publisher: the first path segment of the incoming name, which IAM guards."""
    requires_python: str | None = None
    """``Requires-Python`` of the core metadata, as written."""
    requires_dist: tuple[str, ...] = ()
    """``Requires-Dist`` of the core metadata, as written."""
    summary: Annotated[str, Field(max_length=512)] | None = None
    """``Summary`` of the core metadata, at most 512 bytes."""
    metadata_sha256: Sha256 | None = None
    """The digest of the bytes served as ``.metadata`` (PEP 658); None for sdists."""
    generation: Generation
    """The generation of the object in the packages bucket."""
    source_generation: Generation
    """The generation of the incoming object that was promoted."""


class Register(Model):
    """A last-writer-wins register: ordered by ``issued_at``, then ``command_id``."""

    issued_at: UtcTime
    """When its value was wished."""
    command_id: str
    """The command that set it."""
    value: bool
    """Whether it holds (yanked, removed)."""
    reason: str | None = None
    """Why, in the operator's words."""


class StatusRegister(Model):
    """A project's status, as a last-writer-wins register."""

    issued_at: UtcTime
    """When it was wished."""
    command_id: str
    """The command that set it."""
    value: Status
    """The status (PEP 792)."""
    reason: str | None = None
    """Why, in the operator's words."""


class Registers(Model):
    """One kind of register, per file and per version; a version's covers files that come later."""

    files: Mapping[Filename, Register] = Field(default_factory=dict)
    """By file name."""
    versions: Mapping[Release, Register] = Field(default_factory=dict)
    """By release."""


class ProjectRecord(Document):
    """All that is known of a project: a grow-only map of facts, and registers over it."""

    project: ProjectName
    """The project."""
    revision: Revision
    """Orders the record's versions: max(previous + 1, now in microseconds), set in each commit."""
    files: Mapping[Filename, FileRecord] = Field(default_factory=dict)
    """The facts by file name. Only ever added to."""
    yanked: Registers = Registers()
    """What is yanked (PEP 592)."""
    removed: Registers = Registers()
    """What is offered no more; the file names stay taken."""
    status: StatusRegister | None = None
    """The project's status; active where nobody said anything."""


class Verdict(Document):
    """What became of one generation of an incoming object; final for that generation."""

    outcome: Literal["accepted", "refused"]
    """What became of it."""
    bucket: str
    """The incoming bucket."""
    name: str
    """The incoming object's name."""
    generation: Generation
    """The incoming object's generation; 0 where there was none to be found."""
    time: UtcTime
    """When it was judged."""
    reason: str | None = None
    """A stable code, if it was refused."""
    detail: str | None = None
    """A sentence, if it was refused: what was wrong, where, and what to do."""
    warnings: tuple[str, ...] = ()
    """What is not as it should be, but was let through."""
    sha256: Sha256 | None = None
    """The file's digest, if it was read to its end."""
    address: str | None = None
    """Where the index serves it, if it was accepted: ``/packages/<filename>``."""


class CommandVerdict(Document):
    """What became of an operator's command."""

    outcome: Literal["done", "refused"]
    """What became of it: ``done`` also where a newer command had been there first."""
    command_id: str
    """The command."""
    time: UtcTime
    """When it was answered."""
    reason: str | None = None
    """A stable code, if it was refused."""
    detail: str | None = None
    """A sentence, if it was refused."""


class BlockedProject(Model):
    """What the proxy must not serve of one project."""

    revision: Revision
    """The revision of the record that says so."""
    quarantined: bool = False
    """Whether nothing of the project may be served (PEP 792)."""
    filenames: tuple[Filename, ...] = ()
    """The removed files."""


class Blocked(Document):
    """``blocked.json``: what the proxy must not serve, whatever the packages bucket holds."""

    projects: Mapping[ProjectName, BlockedProject] = Field(default_factory=dict)
    """By project; one with nothing blocked stays, for its revision."""


DOCUMENTS: tuple[type[Document], ...] = (ProjectRecord, Verdict, CommandVerdict, Blocked)
