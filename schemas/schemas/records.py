"""Stored documents: facts of a file, record of a project, and ``blocked.json``.

Records and ``blocked.json`` are read, changed and written back. They keep the fields that a newer
release added (:data:`schemas.types.KEEP_UNKNOWN_FIELDS`), at every depth.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from schemas.types import (
    KEEP_UNKNOWN_FIELDS,
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
from schemas.verdict_documents import CommandVerdict, Verdict


class FileRecord(Model):
    """Facts of one distribution file, always built from the promoted object.

    Only ingest writes them, and they are replaced as a whole, unknown fields included. A new field
    therefore needs a higher ``facts_version``; notes of other services belong elsewhere.
    """

    model_config = KEEP_UNKNOWN_FIELDS

    filename: Filename
    """Name of the file, and of its object in the packages bucket."""
    project: ProjectName
    """Normalised name of the project."""
    version: Version
    """Version of the file in normal form."""
    sha256: Sha256
    """SHA-256 of the file."""
    size: Annotated[int, Field(ge=0)]
    """Size of the file in bytes (PEP 700)."""
    upload_time: UtcTime
    """Creation time of the incoming object by Cloud Storage, or the time in an imported index."""
    uploader: str
    """Uploader in the incoming object's name; ``import`` for an import."""
    requires_python: str | None = None
    """``Requires-Python`` of the core metadata, as written."""
    requires_dist: tuple[str, ...] = ()
    """``Requires-Dist`` of the core metadata, as written."""
    summary: Annotated[str, Field(max_length=512)] | None = None
    """``Summary`` of the core metadata, at most 512 bytes."""
    keywords: tuple[str, ...] = ()
    """``Keywords`` of the core metadata, without repetitions; at most 512 bytes in all."""
    metadata_sha256: Sha256 | None = None
    """SHA-256 of the METADATA served as ``.metadata`` (PEP 658); None for sdists.

    Pages advertise it as core metadata.
    """
    pkg_info_sha256: Sha256 | None = None
    """SHA-256 of the PKG-INFO of an sdist, stored as ``.metadata``; None for wheels.

    Pages do not advertise it, because a build can change it.
    """
    generation: Generation
    """Generation of the object in the packages bucket."""
    source_generation: Generation
    """Generation of the promoted incoming object."""
    promoted_at: UtcTime | None = None
    """Creation time of the promoted object.

    None if the file was promoted before the rule "one file per release and tag set".
    """
    run: Annotated[str, Field(max_length=128)] | None = None
    """Run id: the path segment after the uploader, at most 128 bytes; None if it is unknown."""
    holder: Annotated[str, Field(max_length=200)] | None = None
    """Holder of the credential, as the upload service states; None for other files."""
    facts_version: Annotated[int, Field(ge=1)] = 1
    """Version of the code that read the facts; facts of a higher version replace older ones."""


class Register(Model):
    """Last-writer-wins register, ordered by ``issued_at``, then ``command_id``."""

    model_config = KEEP_UNKNOWN_FIELDS

    issued_at: UtcTime
    """Time of the command."""
    command_id: str
    """Id of the command that set the value."""
    value: bool
    """True if the file or release is yanked or removed."""
    reason: str | None = None
    """Reason in the words of the author."""
    issued_by: str | None = None
    """Author of the command; None for a message on ``project-command``, which has no author."""


class StatusRegister(Model):
    """Status of a project or a release, as a last-writer-wins register."""

    model_config = KEEP_UNKNOWN_FIELDS

    issued_at: UtcTime
    """Time of the command."""
    command_id: str
    """Id of the command that set the value."""
    value: Status
    """Status marker (PEP 792); for a release only ``quarantined`` or ``active``."""
    reason: str | None = None
    """Reason in the words of the author."""
    issued_by: str | None = None
    """Author of the command; None for a message on ``project-command``, which has no author."""


class Registers(Model):
    """Registers of one kind, per file and per release.

    The register of a release also applies to files that are uploaded later.
    """

    model_config = KEEP_UNKNOWN_FIELDS

    files: Mapping[Filename, Register] = Field(default_factory=dict)
    """Registers by file name."""
    versions: Mapping[Release, Register] = Field(default_factory=dict)
    """Registers by release."""


class ProjectRecord(Document):
    """Record of a project: a grow-only map of file facts, and registers."""

    model_config = KEEP_UNKNOWN_FIELDS

    project: ProjectName
    """Normalised name of the project."""
    revision: Revision
    """Revision of the record: max(previous + 1, now in microseconds), set in each commit."""
    files: Mapping[Filename, FileRecord] = Field(default_factory=dict)
    """Facts by file name. Entries are added and never removed; see ``facts_version``."""
    yanked: Registers = Registers()
    """Registers of files and releases that operators yanked (PEP 592)."""
    yanked_by_uploaders: Registers = Registers()
    """Registers of files and releases that their uploaders yanked.

    They are separate, so that an uploader cannot lift the yank of an operator: a file is yanked
    while either register says so.
    """
    removed: Registers = Registers()
    """Registers of removed files and releases. Their file names cannot be used again."""
    status: StatusRegister | None = None
    """Status of the project; active by default."""
    release_status: Mapping[Release, StatusRegister] = Field(default_factory=dict)
    """Status of single releases, including files that are uploaded later; active by default."""
    changed: Mapping[Release, Revision] = Field(default_factory=dict)
    """Revision of the last change of each release, for the pages of releases.

    Changes are facts of its files, registers of the release or its files, and the project's status.
    """
    changed_at: Revision | None = None
    """Revision for which ``changed`` is complete.

    Unless it is the revision of the record, every release counts as changed: an older indexer,
    which does not write ``changed``, committed the record. See
    :func:`schemas.releases.find_release_revision`.
    """


class BlockedProject(Model):
    """Files of one project that the proxy must not serve."""

    model_config = KEEP_UNKNOWN_FIELDS

    revision: Revision
    """Revision of the record with these facts."""
    quarantined: bool = False
    """True if no file of the project may be served (PEP 792)."""
    filenames: tuple[Filename, ...] = ()
    """Removed files, and files of quarantined releases."""
    releases: tuple[Release, ...] = ()
    """Quarantined releases, with their files that are not in the record yet.

    A proxy without this field blocks the files in ``filenames`` only.
    """


class Blocked(Document):
    """``blocked.json``: files in the packages bucket that the proxy must not serve."""

    model_config = KEEP_UNKNOWN_FIELDS

    projects: Mapping[ProjectName, BlockedProject] = Field(default_factory=dict)
    """Blocked files by project. Projects without blocked files keep their revision here."""


DOCUMENTS: tuple[type[Document], ...] = (ProjectRecord, Verdict, CommandVerdict, Blocked)
