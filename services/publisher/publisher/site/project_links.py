"""Links of a project, from its hostile core metadata.

Only URLs with ``http`` or ``https`` become links. Labels are normalised, and well-known labels have
an icon, as PEP 753 describes.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from packaging.metadata import RawMetadata

MAX_LINKS = 50
"""Maximum number of links that a page shows."""
_MAX_URL = 2000
_REMOVED = str.maketrans("", "", string.punctuation + string.whitespace)
_ALIASES = {
    "homepage": ("homepage",),
    "source": ("source", "repository", "sourcecode", "github"),
    "download": ("download",),
    "changelog": ("changelog", "changes", "whatsnew", "history", "releasenotes"),
    "documentation": ("documentation", "docs"),
    "issues": ("issues", "bugs", "issue", "tracker", "issuetracker", "bugtracker"),
    "funding": ("funding", "sponsor", "donate", "donation"),
}
"""Icons by the normalised labels that they are for.

https://packaging.python.org/en/latest/specifications/well-known-project-urls/
"""
_ICONS = {alias: icon for icon, aliases in _ALIASES.items() for alias in aliases}


@dataclass(frozen=True, slots=True)
class ProjectLink:
    """Link of a project."""

    label: str
    """Label in the words of the author."""
    text: str
    """The URL as written."""
    url: str
    """The URL for a link; empty if it is not safe, so that the text is shown alone."""
    host: str
    """Host name of the URL, so that users see where a link leads; empty without a link."""
    icon: str
    """Name of the icon in ``icons.svg``."""


def list_project_links(metadata: RawMetadata) -> tuple[list[ProjectLink], int]:
    """Return the links of a release, each URL once, and the number of links beyond the limit."""
    links: dict[str, ProjectLink] = {}
    for label, text in _iterate_links(metadata):
        links.setdefault(text.strip().rstrip("/"), _make_link(label, text.strip()))
    values = list(links.values())
    return values[:MAX_LINKS], max(0, len(values) - MAX_LINKS)


def find_host(url: str) -> str:
    """Return the host of a URL that is safe as a link; empty if it is not safe.

    A safe URL has the scheme http or https, a host and no user name, and is printable ASCII without
    spaces, so that browsers and this function read the same host.
    """
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or set(url) & set(" \\"):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} and "@" not in parts.netloc else ""


def _iterate_links(metadata: RawMetadata) -> Iterator[tuple[str, str]]:
    yield from metadata.get("project_urls", {}).items()
    if url := metadata.get("home_page"):
        yield "Homepage", url
    if url := metadata.get("download_url"):
        yield "Download", url


def _make_link(label: str, text: str) -> ProjectLink:
    host = find_host(text)
    icon = _ICONS.get(label.translate(_REMOVED).lower(), "link")
    return ProjectLink(label or "Link", text, text if host else "", host, icon)
