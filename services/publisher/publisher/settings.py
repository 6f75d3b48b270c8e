"""Settings of the publisher; a field's name in upper case is its environment variable."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from chassis.settings import ServiceSettings

MAX_TITLE_LENGTH = 100
"""Maximum length of the title of the index, in characters."""

_VISIBLE = re.compile(r"[!-~]+", re.ASCII)


def _validate_index_url(url: str | None) -> str | None:
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


def _validate_title(title: str) -> str:
    """Require text that a page and a feed can show on one line."""
    if not title.strip() or len(title) > MAX_TITLE_LENGTH or not title.isprintable():
        raise ValueError(
            f"should be the title of the index: 1 to {MAX_TITLE_LENGTH} printable characters"
        )
    return title.strip()


Title = Annotated[str, AfterValidator(_validate_title)]
"""Title of the index on pages and feeds."""
IndexUrl = Annotated[str | None, AfterValidator(_validate_index_url)]
"""URL of the index for clients, ending in ``/simple/``; None if it is unset."""


class Settings(ServiceSettings):
    """Settings of the publisher."""

    metadata_bucket: str
    """Bucket of the project records."""
    static_bucket: str
    """Bucket of the pages."""
    topic_project_published: str = "project-published"
    """Topic that announces the projects with new pages."""
    catalog_interval: Annotated[float, Field(ge=0, le=200)] = 10
    """Minimum pause between catalog runs, in seconds; after a long run, 5 times its duration."""
    title: Title = "Python packages"
    """Title of the pages for people."""
    index_url: IndexUrl = None
    """URL of the index, for absolute URLs in pages; unset: relative URLs.

    It ends in ``/simple/``. After a change, ``rebuild`` writes the existing pages again.
    """


class RepairSettings(Settings):
    """Settings of ``python -m publisher verify`` and ``rebuild``."""

    packages_bucket: str
    """Bucket of the promoted files."""
    readme_images: bool = False
    """Show remote images in descriptions."""
    topic_project_indexed: str = "project-indexed"
    """Topic on which ``rebuild`` announces records again."""
