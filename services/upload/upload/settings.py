"""Settings of the upload service; a field's name in upper case is its environment variable."""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from chassis.settings import ServiceSettings
from checks.policy import Policy
from schemas.holders.grants import UploaderGrant, list_service_users

Seconds = Annotated[float, Field(gt=0)]


class Settings(ServiceSettings):
    """Settings of the upload service. The limits of the checks are those of ingest."""

    upload_url: str
    """URL of this service for publishing tools; it ends in ``/legacy/``."""
    index_url: str
    """URL of the index for installers; it ends in ``/simple/``."""
    incoming_bucket: str
    """Bucket for uploads."""
    packages_bucket: str
    """Bucket of the promoted files."""
    verdicts_bucket: str
    """Bucket of the verdicts."""
    static_bucket: str
    """Bucket of the pages."""
    uploaders_secret: str = "gcpypi-uploaders"  # noqa: S105 - the name of a secret
    """Name of the secret with the digests of the publishing tokens."""
    secret_manager_emulator_host: str | None = None
    """``host:port`` of an emulator of Secret Manager; unset: no emulator."""
    signer_emulator_host: str | None = None
    """URL of a stand-in for the signatures of IAM; unset: no stand-in."""
    signed_put_emulator_host: str | None = None
    """URL of a stand-in for signed PUT requests of Cloud Storage; unset: no stand-in."""
    tokens_refresh: Annotated[float, Field(ge=0)] = 30.0
    """Seconds between two reads of the publishing tokens, independent of the load."""
    idle_timeout: Seconds = 30.0
    """Seconds after which a client without 1 KiB a second is disconnected."""
    upload_concurrency: Annotated[int, Field(ge=1)] = 32
    """Maximum number of files that are received at the same time; others wait."""
    listing_timeout: Annotated[float, Field(ge=0)] = 8.0
    """Seconds from the last byte of a file until the answer, if the page does not list it yet."""
    uploaders: Mapping[str, UploaderGrant] | None = None
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

    @field_validator("upload_url", "index_url")
    @classmethod
    def _validate_url(cls, url: str, info: ValidationInfo) -> str:
        """Require a URL without credentials, because clients see it; add a final slash."""
        ending = {"upload_url": "/legacy/", "index_url": "/simple/"}[info.field_name or ""]
        parts, url = urlsplit(url), url.rstrip("/") + "/"
        if parts.scheme not in ("https", "http") or not parts.hostname or not url.isprintable():
            raise ValueError(f"should be a URL: https://host{ending}")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("should have no credentials, query or fragment: clients see it")
        if not url.endswith(ending):
            raise ValueError(f"should end in {ending}")
        return url

    def build_policy(self) -> Policy:
        """Return the limits and switches of the checks, and the uploaders that use this service."""
        limits = {name: getattr(self, name) for name in Policy.__dataclass_fields__}
        return Policy(**{**limits, "uploaders": list_service_users(self.uploaders)})

    def is_service_user(self, uploader: str) -> bool:
        """Return whether an uploader may use this service."""
        users = list_service_users(self.uploaders)
        return users is None or uploader in users

    def describe_addresses(self) -> str:
        """Return a sentence with the address for publishing and the address for installing."""
        return f"Publish with POST to {self.upload_url}; install from {self.index_url}."
