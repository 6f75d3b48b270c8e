"""Settings of the proxy; a field's name in upper case is its environment variable."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from chassis.settings import ServiceSettings
from schemas.tokens import ProjectGlob

Seconds = Annotated[float, Field(ge=0)]

_PLAIN = re.compile(r"[!-~]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_DEFAULT_PORTS = {"https": 443, "http": 80}
"""Ports by scheme. An origin of a browser has no default port."""


def normalize_origin(text: str) -> str:
    """Return an origin in the form of a browser, or ``*`` for any origin.

    :raises ValueError: if the text is neither.
    """
    if text == "*":
        return text
    parts = urlsplit(text.lower())
    host, port = parts.netloc.removesuffix(f":{parts.port}"), parts.port
    is_origin = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or not is_origin:
        raise ValueError(f"{text!r} should be an origin without a path: https://app.example")
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


class SecretSettings(ServiceSettings):
    """Settings of the token secret."""

    tokens_secret: str
    """Name of the secret with the digests of the tokens."""
    secret_manager_emulator_host: str | None = None
    """``host:port`` of an emulator of Secret Manager; unset: no emulator."""


class Settings(SecretSettings):
    """Settings of the proxy."""

    packages_bucket: str
    """Bucket of the files and their ``.metadata``."""
    static_bucket: str
    """Bucket of the pages and of ``blocked.json``."""
    storage_emulator_host: str | None = None
    """URL of an emulator of Cloud Storage; unset: no emulator."""
    tokens_refresh: Seconds = 30.0
    """Seconds between two reads of the tokens, independent of the load."""
    blocked_refresh: Seconds = 5.0
    """Seconds between two reads of ``blocked.json``; a quarantine has this delay."""
    cache_bytes: Annotated[int, Field(ge=0)] = 32 * 1024 * 1024
    """Maximum size of the pages, plain and gzipped, and small files in memory, in bytes."""
    cache_ttl: Seconds = 2.0
    """Seconds for which a page is served from memory without revalidation."""
    cache_stale: Seconds = 3600.0
    """Seconds for which a page is served from memory while storage fails."""
    storage_concurrency: Annotated[int, Field(ge=1)] = 32
    """Maximum number of concurrent storage operations; others wait in a queue."""
    storage_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds to wait for storage, including retries and time in the queue."""
    write_timeout: Seconds = 60.0
    """Seconds until the proxy disconnects a client that acknowledges no sent bytes."""
    max_content_length: int | None = None
    """Size in bytes above which a streamed file is sent without Content-Length.

    Cloud Run refuses HTTP/1 responses that declare more than 32 MiB. Clients of HTTP/1.0 always get
    the field, because they cannot read chunks. The front end of Cloud Run sends HTTP/1.1.
    https://cloud.google.com/run/quotas#request_limits
    """
    downloads: Literal["stream", "redirect"] = "stream"
    """Delivery of files: through the proxy, or by redirect to a signed URL of Cloud Storage."""
    upstream_index_url: str | None = None
    """Index to which the proxy redirects requests for unknown projects; unset: no redirects."""
    private_names: tuple[ProjectGlob, ...] = Field(default=(), validate_default=True)
    """Globs of projects that are not redirected, as JSON; required with ``UPSTREAM_INDEX_URL``."""

    cors_origins: tuple[Annotated[str, AfterValidator(normalize_origin)], ...] = ()
    """Origins of browser apps that may read the index with a token, as JSON."""

    @field_validator("upstream_index_url")
    @classmethod
    def _validate_upstream(cls, url: str | None) -> str | None:
        """Require a URL without credentials, because clients see the URL; add a final slash."""
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or not _PLAIN.fullmatch(url):
            raise ValueError("should be a URL, for example https://host/simple/")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("should have no credentials, query or fragment: clients see it")
        return url.rstrip("/") + "/"

    @field_validator("private_names")
    @classmethod
    def _require_private_names(
        cls, globs: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if info.data.get("upstream_index_url") and not globs:
            raise ValueError(
                "required with UPSTREAM_INDEX_URL: globs of projects that are never redirected"
            )
        return globs
