"""Search of projects, releases and files on the pages, with suggestions for typing errors."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from packaging.version import Version as ParsedVersion
from pypi_simple import DistributionPackage, ProjectPage

from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure
from schemas.names import (
    Filename,
    ProjectName,
    Version,
    normalize_project,
    normalize_release,
    normalize_version,
    parse_filename,
    validate_filename,
)

T = TypeVar("T")
LATEST = 5
"""Number of the releases in a message."""
SIMILARITY = 0.75
"""Least ratio of ``difflib`` of a suggestion."""


def parse_argument(parse: Callable[[str], T], text: str) -> T:
    """Parse a name or version of the command line.

    :raises CommandFailure: if it is not valid.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise CommandFailure(str(error)) from error


def require_project(index: IndexClient, text: str) -> ProjectPage:
    """Return the page of a project.

    :raises CommandFailure: if the index has no such project; it has a suggestion.
    """
    project = parse_argument(normalize_project, text)
    if page := index.find_project(project):
        return page
    hint = suggest(project, index.list_projects()) or "gcpypi list prints all projects"
    raise CommandFailure(f"there is no project {project} in {index.url}: {hint}")


def require_release(page: ProjectPage, text: str) -> Sequence[DistributionPackage]:
    """Return the files of a release on the page.

    :raises CommandFailure: if the page does not list the release; it has a suggestion.
    """
    version = parse_argument(normalize_version, text)
    if files := [file for file in page.packages if is_of_release(file, version)]:
        return files
    latest = _list_latest(page.project, list_versions(page))
    raise CommandFailure(f"{page.project} has no release {version} on its page: {latest}")


def require_file(page: ProjectPage, filename: str) -> DistributionPackage:
    """Return a file on the page.

    :raises CommandFailure: if the page does not list the file; it has a suggestion.
    """
    names = {file.filename: file for file in page.packages}
    if filename in names:
        return names[filename]
    hint = suggest(filename, names) or f"gcpypi show {page.project} prints the files of a release"
    raise CommandFailure(f"{page.project} has no file {filename} on its page: {hint}")


def suggest(text: str, known: Iterable[str]) -> str:
    """Return the question "did you mean …?", or the empty string without a similar name."""
    similar = get_close_matches(text, list(known), n=2, cutoff=SIMILARITY)
    return f"did you mean {' or '.join(similar)}?" if similar else ""


def find_version(file: DistributionPackage) -> Version | None:
    """Return the version in a file name; None for a file that is neither wheel nor sdist."""
    try:
        return parse_filename(file.filename)[1]
    except ValueError:
        return None


def is_of_release(file: DistributionPackage, version: str) -> bool:
    """Return whether a file belongs to the release of a version; 1.0 and 1.0.0 are equal."""
    found = find_version(file)
    return found is not None and normalize_release(found) == normalize_release(version)


def list_versions(page: ProjectPage) -> list[Version]:
    """Return the versions on the page, the newest first."""
    found = {version for file in page.packages if (version := find_version(file))}
    return sorted(found, key=ParsedVersion, reverse=True)


def parse_file(text: str) -> tuple[Filename, ProjectName]:
    """Return a file name and its project.

    :raises CommandFailure: if it is the name of neither a wheel nor an sdist.
    """
    try:
        project, _ = parse_argument(parse_filename, text)
        return parse_argument(validate_filename, text), project
    except CommandFailure as failure:
        raise CommandFailure(f"{failure}; gcpypi show PROJECT lists the files") from failure


def _list_latest(project: str, versions: Sequence[str]) -> str:
    if not versions:
        return "the page lists no files"
    more = f", … (gcpypi list {project} prints all)" if len(versions) > LATEST else ""
    return f"it has {', '.join(versions[:LATEST])}{more}"
