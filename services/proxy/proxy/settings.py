"""Settings of the proxy; a field's name in upper case is its environment variable."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from chassis.settings import ServiceSettings
from schemas import __version__
from schemas.discovery import IndexDescription
from schemas.holders import ProjectGlob

Seconds = Annotated[float, Field(ge=0)]
Name = Annotated[str, Field(min_length=1)]

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


class Settings(ServiceSettings):
    """Settings of the proxy."""

    tokens_secret: str
    """Name of the secret with the digests of the tokens."""
    index_url: str | None = None
    """URL of the index, ending in ``/simple/``: the audience of ID tokens; unset: no ID tokens."""
    secret_manager_emulator_host: str | None = None
    """``host:port`` of an emulator of Secret Manager; unset: no emulator."""
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
    """Seconds for which a page is served from memory, except to requests with ``no-cache``."""
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

    readme_images: bool = False
    """Whether pages for people can show images of other hosts; set it for the service ``web`` too.

    The Content-Security-Policy of pages with a description then permits images over HTTPS.
    """
    cors_origins: tuple[Annotated[str, AfterValidator(normalize_origin)], ...] = ()
    """Origins of browser apps that may read the index with a token, as JSON."""

    incoming_bucket: str | None = None
    """Bucket for uploads of CI; only for the description of the index."""
    verdicts_bucket: str | None = None
    """Bucket of the verdicts; only for the description of the index."""
    metadata_bucket: str | None = None
    """Bucket of the project records; only for the description of the index."""
    topics: Mapping[str, Name] = Field(default_factory=dict)
    """Pub/Sub topics by message, as JSON; only for the description of the index."""
    region: str | None = None
    """Region of the Cloud Run services and jobs; only for the description of the index."""
    cloud_run_services: Mapping[str, Name] = Field(default_factory=dict)
    """Cloud Run services by role, as JSON; only for the description of the index."""
    cloud_run_jobs: Mapping[str, Name] = Field(default_factory=dict)
    """Cloud Run jobs by command, as JSON; only for the description of the index."""
    upload_url: str | None = None
    """URL of the upload service, for the description of the index and for sentences about wrong
    addresses; unset: there is none."""

    @field_validator("index_url", "upstream_index_url", "upload_url")
    @classmethod
    def _validate_url(cls, url: str | None) -> str | None:
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

    def build_description(self) -> IndexDescription:
        """Return the description of the index for command-line tools."""
        buckets = {
            "incoming": self.incoming_bucket,
            "packages": self.packages_bucket,
            "verdicts": self.verdicts_bucket,
            "metadata": self.metadata_bucket,
            "static": self.static_bucket,
        }
        return IndexDescription(
            version=__version__,
            gcp_project=self.gcp_project,
            region=self.region or None,
            buckets={role: name for role, name in buckets.items() if name},
            topics=self.topics,
            services=self.cloud_run_services,
            jobs=self.cloud_run_jobs,
            tokens_secret=self.tokens_secret,
            upload_url=self.upload_url,
        )
