"""The proxy's settings: every tunable with its unit and its reason."""

from typing import Annotated

from pydantic import Field

from cloud.settings import ServiceSettings

Seconds = Annotated[float, Field(ge=0)]


class ProxySettings(ServiceSettings):
    """What the proxy reads from its environment."""

    packages_bucket: str
    """The bucket of the files and their ``.metadata``."""
    static_bucket: str
    """The bucket of the pages and of ``blocked.json``."""
    tokens_secret: str
    """The secret that holds the tokens' digests."""
    secret_manager_emulator_host: str | None = None
    """``host:port`` of a stand-in for Secret Manager; unset: Google's."""
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
    """Storage operations at a time; others queue."""
    storage_timeout: Seconds = 10.0
    """Seconds to wait for one storage operation, its time in the queue included."""
    write_timeout: Seconds = 60.0
    """Seconds a client may take to accept one chunk of a file."""
    max_content_length: int | None = None
    """Bytes above which a streamed file is sent without Content-Length.

    Cloud Run refuses an HTTP/1 response that declares more than 32 MiB.
    https://cloud.google.com/run/quotas#request_limits
    """
