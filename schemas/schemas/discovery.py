"""Description of an index for command-line tools: ``/.well-known/gcpypi.json`` (RFC 8615)."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from schemas.types import Document


class IndexDescription(Document):
    """Names of the parts of an index. It has no secrets and gives no rights.

    The proxy answers it to the holders of a token. A name is absent if the proxy does not know it.
    """

    path: ClassVar[str] = ".well-known/gcpypi.json"
    """Path of the description, relative to the parent of the index URL."""

    version: str
    """Release of gcpypi that the proxy has."""
    gcp_project: str
    """Id of the Google Cloud project."""
    region: str | None = None
    """Region of the Cloud Run services and jobs."""
    buckets: Mapping[str, str] = Field(default_factory=dict)
    """Buckets by role: ``incoming``, ``packages``, ``verdicts``, ``metadata``, ``static``."""
    topics: Mapping[str, str] = Field(default_factory=dict)
    """Pub/Sub topics by message, for example ``file-uploaded``."""
    services: Mapping[str, str] = Field(default_factory=dict)
    """Cloud Run services by role, for example ``ingest``."""
    jobs: Mapping[str, str] = Field(default_factory=dict)
    """Cloud Run jobs by command, for example ``verify``."""
    tokens_secret: str | None = None
    """Secret with the digests of the tokens."""
    upload_url: str | None = None
    """URL of the upload service; None if the index has none."""
