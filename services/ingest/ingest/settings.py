"""Settings of ingest; a field's name in upper case is its environment variable."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, field_validator

from chassis.settings import Duration, ServiceSettings
from checks.policy import Policy
from schemas import layout
from schemas.holders.grants import UploaderGrant, list_service_users


class Settings(ServiceSettings):
    """Settings of ingest."""

    incoming_bucket: str
    """Bucket for uploads of CI."""
    packages_bucket: str
    """Bucket of the promoted files."""
    verdicts_bucket: str
    """Bucket of the verdicts."""
    metadata_bucket: str
    """Bucket of the project records, with the status of each project."""
    topic_file_accepted: str = "file-accepted"
    """Topic for promoted files."""
    topic_file_refused: str = "file-refused"
    """Topic for refused files and messages."""
    topic_command_accepted: str = "command-accepted"
    """Topic for the commands of accepted command objects."""
    uploaders: Annotated[
        Mapping[str, UploaderGrant] | None,
        Field(validation_alias=AliasChoices("uploaders", "publishers")),
    ] = None
    """JSON object: uploader → globs of its projects, or an object with ``projects``, ``commands``
    (default: ``yank`` and ``unyank``) and ``upload`` (use of the upload service; default: false);
    `{}` refuses all uploads, no value accepts all uploads."""
    allowed_projects: tuple[str, ...] = Policy.allowed_projects
    """Globs of the accepted projects, as JSON."""
    max_file_size: Annotated[int, Field(gt=0)] = Policy.max_file_size
    """Maximum size of a file, in bytes."""
    max_members: Annotated[int, Field(gt=0)] = Policy.max_members
    """Maximum number of members of an archive."""
    max_unpacked_size: Annotated[int, Field(gt=0)] = Policy.max_unpacked_size
    """Maximum size of an unpacked archive, in bytes."""
    allow_direct_urls: bool = Policy.allow_direct_urls
    """Accept a ``Requires-Dist`` with a URL."""
    strict: bool = Policy.strict
    """Refuse files with warnings."""
    strict_platform_tags: bool = Policy.strict_platform_tags
    """Refuse platform tags without a stated compatibility, such as ``linux_x86_64``."""
    startup_files: Literal["accept", "warn", "refuse"] = Policy.startup_files
    """Treatment of files with startup code, executed by Python at its start: ``accept``, ``warn``
    or ``refuse``."""
    block_stdlib_names: bool = Policy.block_stdlib_names
    """Refuse projects with the name of a standard library module."""
    release_closes_after: Annotated[Duration, Field(gt=timedelta(0))] | None = None
    """Time from the first file of a release until the release closes, in seconds or as ``P14D``."""

    @field_validator("uploaders")
    @classmethod
    def _keep_operators_apart(
        cls, uploaders: Mapping[str, UploaderGrant] | None
    ) -> Mapping[str, UploaderGrant] | None:
        """Refuse the names of the prefixes of operators: the grant would have no effect."""
        for prefix in (layout.OPERATORS, layout.IMPORT, layout.UPLOAD):
            if uploaders is not None and prefix in uploaders:
                raise ValueError(f"{prefix!r} is a reserved prefix, not an uploader")
        return uploaders

    def build_policy(self) -> Policy:
        """Return the limits and switches of the checks."""
        limits = {name: getattr(self, name) for name in Policy.__dataclass_fields__}
        if self.uploaders is not None:
            limits["uploaders"] = {name: each.projects for name, each in self.uploaders.items()}
        return Policy(**limits)

    def build_service_policy(self) -> Policy:
        """Return the limits and switches for files from the upload service."""
        return replace(self.build_policy(), uploaders=list_service_users(self.uploaders))


class ReplaySettings(ServiceSettings):
    """Settings of ``python -m ingest replay``: the topics of all messages with dead letters."""

    topic_file_uploaded: str = "file-uploaded"
    """Topic for uploads."""
    topic_file_accepted: str = "file-accepted"
    """Topic for promoted files."""
    topic_project_command: str = "project-command"
    """Topic for commands that operators type."""
    topic_command_accepted: str = "command-accepted"
    """Topic for commands that ingest has checked."""
    topic_project_indexed: str = "project-indexed"
    """Topic for committed records."""

    def get_topic(self, kind: str) -> str:
        """Return the name of the topic for a kind of message, such as ``file-uploaded``."""
        name: str = getattr(self, f"topic_{kind.replace('-', '_')}")
        return name


class RescanSettings(ServiceSettings):
    """Settings of ``python -m ingest rescan``."""

    incoming_bucket: str
    """Bucket for uploads of CI."""
    verdicts_bucket: str
    """Bucket of the verdicts."""
    topic_file_uploaded: str = "file-uploaded"
    """Topic on which ``rescan`` announces uploads again."""
