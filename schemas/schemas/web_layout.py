"""Names of the objects behind the pages for people, built from parsed and normalised parts.

The pages are in the static bucket. The service ``web`` writes those of one project, below
``projects/<project>/`` and ``pypi/<project>/``; the catalog writes the others.
"""

from collections.abc import Mapping
from datetime import datetime

from schemas.names import ProjectName, Version

SEARCH = "search.json"
"""Array of all projects for the search; empty if the array is divided into shards."""
RECENT = "recent.json"
"""Array of the newest releases for the home page."""
CHANGES = "changes.json"
"""Array of the newest releases and commands of all projects."""
TOTALS = "totals.json"
"""Number of projects and files, for holders that can read everything."""
FEED = "feed.xml"
"""Atom feed of the index, for holders that can read everything."""
SEARCH_PAGE = "search/index.html"
"""Page of the search; its results are from :data:`SEARCH` or its shards."""
CHANGES_PAGE = "changes/index.html"
"""Page of the changes; its lines are from :data:`CHANGES`."""
ASSETS = "static/"
"""Prefix of style sheets, scripts and icons: ``static/<hash>/<name>``."""
SEARCH_SHARDS = "search/"
"""Prefix of the shards of the search, and of :data:`SEARCH_PAGE`."""
PROJECT_LIST = "projects/page"
"""Prefix of the pages of the list of all projects.

Pages of projects can have it too, but their names have a further slash.
"""
CATALOG_SOURCE = "catalog-source"
"""Custom metadata of an object of the catalog: digest of the records that it shows."""
FORCED_AT = "forced-at"
"""Custom metadata of a page for people: publish time of the forced message that wrote it."""


def locate_search_shard(key: str) -> str:
    """Return the name of a shard of the search: an array of projects.

    :param key: first two characters of the projects' normalised names, or their only character.
    """
    return f"{SEARCH_SHARDS}{key}.json"


def locate_project_list(page: int) -> str:
    """Return the name of a page of the list of all projects; the first page is 1."""
    return f"{PROJECT_LIST}{page}.html"


def locate_asset(digest: str, name: str) -> str:
    """Return the name of a style sheet, script or icon.

    :param digest: the first 16 hexadecimal digits of the SHA-256 of its content.
    """
    return f"{ASSETS}{digest}/{name}"


def locate_web_pages(project: ProjectName) -> str:
    """Return the prefix of a project's pages for people."""
    return f"projects/{project}/"


def locate_web_page(project: ProjectName) -> str:
    """Return the name of a project's page for people: its newest release."""
    return f"{locate_web_pages(project)}index.html"


def locate_release_page(project: ProjectName, version: Version) -> str:
    """Return the name of a release's page for people."""
    return f"{locate_web_pages(project)}{version}/index.html"


def locate_releases(project: ProjectName) -> str:
    """Return the name of the list of a project's releases, in JSON."""
    return f"{locate_web_pages(project)}releases.json"


def locate_release_list(project: ProjectName) -> str:
    """Return the name of the list of a project's newest releases."""
    return f"{locate_web_pages(project)}releases/index.html"


def locate_release_list_page(project: ProjectName, page: int) -> str:
    """Return the name of a full page of a project's older releases; page 1 has the oldest ones."""
    return f"{locate_web_pages(project)}releases/page{page}.html"


def locate_history(project: ProjectName) -> str:
    """Return the name of the newest part of a project's history."""
    return f"{locate_web_pages(project)}history/index.html"


def locate_history_page(project: ProjectName, page: int) -> str:
    """Return the name of a full page of a project's history; page 1 has the oldest events."""
    return f"{locate_web_pages(project)}history/page{page}.html"


def locate_project_feed(project: ProjectName) -> str:
    """Return the name of a project's Atom feed."""
    return f"{locate_web_pages(project)}feed.xml"


def locate_json_pages(project: ProjectName) -> str:
    """Return the prefix of a project's pages of PyPI's older JSON API."""
    return f"pypi/{project}/"


def locate_release_json(project: ProjectName, version: Version) -> str:
    """Return the name of a release's page of PyPI's older JSON API."""
    return f"{locate_json_pages(project)}{version}/json"


def read_forced_at(metadata: Mapping[str, str]) -> datetime | None:
    """Return the time in the custom metadata of a page for people; None without a valid one."""
    try:
        time = datetime.fromisoformat(metadata.get(FORCED_AT, ""))
    except ValueError:
        return None
    return time if time.tzinfo else None
