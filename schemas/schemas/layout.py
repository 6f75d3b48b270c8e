"""Where things are stored: every object's name, built from parsed and normalised parts.

A name is made here and nowhere else (DESIGN: "Where things are stored").
"""

from collections.abc import Mapping
from urllib.parse import quote

from schemas.names import Filename, ProjectName, normalize_project

ROOT_HTML = "simple/index.html"
ROOT_JSON = "simple/index.v1.json"
HOME = "index.html"
BLOCKED = "blocked.json"
RECORDS = "projects/"
CHANGELOG = "changelog/page"
METADATA_SUFFIX = ".metadata"
"""The end of the name of a file's core metadata (PEP 658)."""

SHA256 = "sha256"
"""Custom metadata of an incoming and of a promoted object: the file's digest."""
UPLOAD_TIME = "upload-time"
"""Custom metadata of a promoted object: when the incoming one was created."""
UPLOADER = "uploader"
"""Custom metadata of a promoted object: the publisher."""
SOURCE_GENERATION = "source-generation"
"""Custom metadata of a promoted object: the incoming one's generation."""
RECORD_REVISION = "record-revision"
"""Custom metadata of a record and of a page: the record's revision."""


def incoming_parts(name: str) -> tuple[str, str]:
    """Split an incoming name into the publisher, its first segment, and the file name, its last.

    A name without a slash has no publisher: the empty string.
    """
    publisher, slash, rest = name.partition("/")
    return (publisher, rest.rsplit("/", 1)[-1]) if slash else ("", name)


def core_metadata(filename: Filename) -> str:
    """The sibling that holds the exact METADATA bytes (PEP 658)."""
    return f"{filename}{METADATA_SUFFIX}"


def verdict(incoming_name: str, generation: int) -> str:
    """The verdict on one generation of an incoming object."""
    return f"{incoming_name}/{generation}.json"


def message_verdict(message_id: str) -> str:
    """The answer to a message that could not be taken for an object's: unreadable, misdirected."""
    return f"messages/{message_id}.json"


def command_verdict(command_id: str) -> str:
    """The answer to a command."""
    return f"commands/{command_id}.json"


def record(project: ProjectName) -> str:
    """A project's record."""
    return f"{RECORDS}{project}.json"


def record_project(name: str) -> ProjectName:
    """Return the project that the name of a record states, normalised.

    :raises ValueError: if it is no legal project name.
    """
    return normalize_project(name.removeprefix(RECORDS).removesuffix(".json"))


def record_revision(metadata: Mapping[str, str]) -> int | None:
    """Return the revision in the custom metadata of a record or a page; None if it has none."""
    revision = metadata.get(RECORD_REVISION, "")
    return int(revision) if revision.isdecimal() else None


def project_pages(project: ProjectName) -> str:
    """The prefix of a project's pages of the simple API."""
    return f"simple/{project}/"


def project_html(project: ProjectName) -> str:
    """A project's HTML page (PEP 503)."""
    return f"{project_pages(project)}index.html"


def project_json(project: ProjectName) -> str:
    """A project's JSON page (PEP 691)."""
    return f"{project_pages(project)}index.v1.json"


def legacy_json(project: ProjectName) -> str:
    """A project's page of the public index's older JSON API."""
    return f"pypi/{project}/json"


def changelog(page: int) -> str:
    """A page of the changelog, from 1."""
    return f"{CHANGELOG}{page}.html"


def file_address(filename: Filename) -> str:
    """Where the proxy serves a file: the path of its URL, percent-encoded (``+``, ``!``)."""
    return f"/packages/{quote(filename)}"
