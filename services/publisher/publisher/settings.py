"""Settings of the publisher; a field's name in upper case is its environment variable."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from chassis.settings import ServiceSettings

_VISIBLE = re.compile(r"[!-~]+", re.ASCII)


class Settings(ServiceSettings):
    """Settings of the publisher."""

    metadata_bucket: str
    """Bucket of the project records."""
    static_bucket: str
    """Bucket of the pages."""
    topic_project_published: str = "project-published"
    """Topic for projects whose pages are stored."""
    catalog_interval: Annotated[float, Field(ge=0, le=200)] = 10
    """Minimum pause between catalog runs, in seconds; after a long run, 5 times its duration."""
    title: str = "Python packages"
    """Title of the home page and of the changelog."""
    index_url: str | None = None
    """URL of the index, for absolute URLs in ``/pypi/<project>/json``; unset: relative URLs.

    It ends in ``/simple/``. After a change, ``rebuild`` writes the existing pages again.
    """

    @field_validator("index_url")
    @classmethod
    def _validate_index_url(cls, url: str | None) -> str | None:
        """Require a URL that ends in ``/simple/``, without credentials: clients see the URL."""
        if not url:
            return None
        parts = urlsplit(url)
        if (
            parts.scheme not in ("https", "http")
            or not parts.hostname
            or not parts.path.rstrip("/").endswith("/simple")
            or not _VISIBLE.fullmatch(url)
        ):
            raise ValueError("should be the URL of the index, for example https://host/simple/")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("should have no credentials, query or fragment: clients see it")
        return url.rstrip("/") + "/"


class RepairSettings(Settings):
    """Settings of ``python -m publisher verify`` and ``rebuild``."""

    packages_bucket: str
    """Bucket of the promoted files."""
    topic_project_indexed: str = "project-indexed"
    """Topic on which ``rebuild`` announces records again."""
