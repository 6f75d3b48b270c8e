"""The proxy's settings: every tunable with its unit and its reason."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from chassis.settings import ServiceSettings
from schemas.tokens import ProjectGlob

Seconds = Annotated[float, Field(ge=0)]

_PLAIN = re.compile(r"[!-~]+", re.ASCII)


class SecretSettings(ServiceSettings):
    """Where the tokens are."""

    tokens_secret: str
    """The secret that holds the tokens' digests."""
    secret_manager_emulator_host: str | None = None
    """``host:port`` of a stand-in for Secret Manager; unset: Google's."""


class Settings(SecretSettings):
    """What the proxy reads from its environment."""

    packages_bucket: str
    """The bucket of the files and their ``.metadata``."""
    static_bucket: str
    """The bucket of the pages and of ``blocked.json``."""
    storage_emulator_host: str | None = None
    """URL of a stand-in for Cloud Storage; unset: Google's."""
    tokens_refresh: Seconds = 30.0
    """Seconds between two readings of the tokens, whatever the load."""
    blocked_refresh: Seconds = 5.0
    """Seconds between two readings of ``blocked.json``: so long a quarantine may take."""
    cache_bytes: Annotated[int, Field(ge=0)] = 32 * 1024 * 1024
    """Bytes of pages and small files that are kept in memory."""
    cache_ttl: Seconds = 2.0
    """Seconds a page is served from memory before it is read again, on condition."""
    cache_stale: Seconds = 3600.0
    """Seconds a page is served from memory while storage fails."""
    storage_concurrency: Annotated[int, Field(ge=1)] = 32
    """Storage operations that await their answer at a time; others queue."""
    storage_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds to wait for storage, repetitions and the time in the queue included."""
    write_timeout: Seconds = 60.0
    """Seconds without an acknowledgement after which a client is cut off."""
    max_content_length: int | None = None
    """Bytes above which a streamed file is sent without Content-Length.

    Cloud Run refuses an HTTP/1 response that declares more than 32 MiB.
    https://cloud.google.com/run/quotas#request_limits
    """
    downloads: Literal["stream", "redirect"] = "stream"
    """Whether a file comes through the proxy, or by a redirect to a signed URL of Cloud Storage."""
    upstream_index_url: str | None = None
    """The index that unknown projects' pages are redirected to; unset: none."""
    private_names: tuple[ProjectGlob, ...] = Field(default=(), validate_default=True)
    """Globs of projects that are never looked for upstream, as JSON; required with it."""

    @field_validator("upstream_index_url")
    @classmethod
    def _is_index(cls, url: str | None) -> str | None:
        """Clients are sent there: it has no credentials, and a project's name completes it."""
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or not _PLAIN.fullmatch(url):
            raise ValueError("should be a URL, as https://host/simple/")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("should have no credentials, query or fragment: clients see it")
        return url.rstrip("/") + "/"

    @field_validator("private_names")
    @classmethod
    def _is_given(cls, globs: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("upstream_index_url") and not globs:
            raise ValueError(
                "required with UPSTREAM_INDEX_URL: names that must never be sought there"
            )
        return globs
