"""Settings of the proxy, each with its unit and its reason."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from chassis.settings import ServiceSettings
from schemas.tokens import ProjectGlob

Seconds = Annotated[float, Field(ge=0)]

_PLAIN = re.compile(r"[!-~]+", re.ASCII)


class SecretSettings(ServiceSettings):
    """Settings of the secret with the tokens."""

    tokens_secret: str
    """The secret with the digests of the tokens."""
    secret_manager_emulator_host: str | None = None
    """``host:port`` of a stand-in for Secret Manager; unset: Secret Manager."""


class Settings(SecretSettings):
    """Settings of the proxy in its environment."""

    packages_bucket: str
    """The bucket of the files and their ``.metadata``."""
    static_bucket: str
    """The bucket of the pages and of ``blocked.json``."""
    storage_emulator_host: str | None = None
    """URL of a stand-in for Cloud Storage; unset: Cloud Storage."""
    tokens_refresh: Seconds = 30.0
    """Seconds between two readings of the tokens, at any load."""
    blocked_refresh: Seconds = 5.0
    """Seconds between two readings of ``blocked.json``, the longest delay of a quarantine."""
    cache_bytes: Annotated[int, Field(ge=0)] = 32 * 1024 * 1024
    """Bytes of pages and small files in memory."""
    cache_ttl: Seconds = 2.0
    """Seconds a page is served from memory before it is revalidated."""
    cache_stale: Seconds = 3600.0
    """Seconds a page is served from memory while storage fails."""
    storage_concurrency: Annotated[int, Field(ge=1)] = 32
    """Number of storage operations that wait for a response at the same time; others queue."""
    storage_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds to wait for storage, including retries and the time in the queue."""
    write_timeout: Seconds = 60.0
    """Seconds without an acknowledgement after which a client is disconnected."""
    max_content_length: int | None = None
    """Bytes above which a streamed file is sent without Content-Length.

    Cloud Run refuses an HTTP/1 response with a larger Content-Length than 32 MiB.
    https://cloud.google.com/run/quotas#request_limits
    """
    downloads: Literal["stream", "redirect"] = "stream"
    """Way to send files: through the proxy, or by a redirect to a signed URL of Cloud Storage."""
    upstream_index_url: str | None = None
    """The index for redirects of the pages of unknown projects; unset: none."""
    private_names: tuple[ProjectGlob, ...] = Field(default=(), validate_default=True)
    """Globs of projects that are never requested upstream, as JSON; required with an upstream."""

    @field_validator("upstream_index_url")
    @classmethod
    def _validate_url(cls, url: str | None) -> str | None:
        """Require a URL without credentials that the name of a project can complete.

        The URL is sent to clients.
        """
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or not _PLAIN.fullmatch(url):
            raise ValueError("should be a URL such as https://host/simple/")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "should have no credentials, query or fragment, because clients receive it"
            )
        return url.rstrip("/") + "/"

    @field_validator("private_names")
    @classmethod
    def _require_private_names(
        cls, globs: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if info.data.get("upstream_index_url") and not globs:
            raise ValueError(
                "required with UPSTREAM_INDEX_URL: globs of names that are never requested there"
            )
        return globs
