"""Details of one release (``gcpypi show``)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import requests
from packaging.metadata import RawMetadata, parse_email
from pypi_simple import ProjectPage
from rich.filesize import decimal

from gcpypi.browsing.release_groups import (
    ListedRelease,
    describe_project,
    find_latest,
    format_minute,
    format_status,
    group_releases,
)
from gcpypi.connection.index_client import IndexClient
from gcpypi.connection.page_lookup import is_of_release, require_project, require_release
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.output import create_console, escape_unprintable, print_json


@dataclass(frozen=True, slots=True)
class ReleaseDetails:
    """Release with the facts of its core metadata."""

    page: ProjectPage
    release: ListedRelease
    latest: str | None
    """Version that installers choose."""
    metadata: RawMetadata | None
    """Core metadata of a wheel, or PKG-INFO; None if the index has neither."""

    @property
    def requires_dist(self) -> Sequence[str] | None:
        """Dependencies; None if they are unknown, because only a build of the sdist has them."""
        return None if self.metadata is None else self.metadata.get("requires_dist", [])

    @property
    def requires_python(self) -> str | None:
        """``Requires-Python`` of the release; None without one."""
        found = (file.requires_python for file in self.release.files if file.requires_python)
        return next(found, None)

    def describe(self) -> Mapping[str, object]:
        """Return the release as an object of JSON."""
        return {
            **describe_project(self.page),
            "latest_version": self.latest,
            **self.release.describe(),
            "summary": self.metadata.get("summary") if self.metadata else None,
            "requires_python": self.requires_python,
            "requires_dist": self.requires_dist,
        }


def show_release(index: IndexClient, project: str, version: str | None, *, as_json: bool) -> None:
    """Print a release of a project, by default the latest one.

    :raises CommandFailure: if the index has no such project or release.
    """
    details = read_details(index, project, version)
    if as_json:
        print_json(details.describe())
        return
    console = create_console()
    for name, text in _list_facts(details):
        console.print(f"[bold]{name:<16}[/bold]{escape_unprintable(text)}")
    for file in details.release.files:
        size, uploaded = decimal(file.size or 0), format_minute(file.upload_time)
        mark = ", yanked" if file.is_yanked else ""
        console.print(f"\n{escape_unprintable(file.filename)}")
        console.print(f"    {size}, uploaded {uploaded} UTC{mark}", markup=False)
        console.print(f"    sha256 {file.digests.get('sha256', 'unknown')}", markup=False)


def read_details(index: IndexClient, project: str, version: str | None) -> ReleaseDetails:
    """Read a release from the page of its project and from its core metadata."""
    page = require_project(index, project)
    releases = group_releases(page)
    latest = find_latest(releases)
    if version:
        require_release(page, version)
        release = next(each for each in releases if is_of_release(each.files[0], version))
    elif latest:
        release = latest
    else:
        text = f"{page.project} is {format_status(page)}, and its page lists no files"
        raise CommandFailure(text, ExitCode.USAGE)
    metadata = _read_metadata(index, release)
    return ReleaseDetails(page, release, latest.version if latest else None, metadata)


def _read_metadata(index: IndexClient, release: ListedRelease) -> RawMetadata | None:
    """Return the metadata of a wheel if there is one, else of an sdist."""
    file = min(release.files, key=lambda file: not file.has_metadata)
    response = index.get(file.metadata_url)
    if response.status_code != requests.codes.ok:
        return None
    return parse_email(response.content)[0]


def _list_facts(details: ReleaseDetails) -> Iterator[tuple[str, str]]:
    """Yield the facts of the release as lines; only the first of several values has a name."""
    release, metadata = details.release, details.metadata
    is_latest = details.latest == release.version
    yield "release", f"{details.page.project} {release.version}"
    if metadata and (summary := metadata.get("summary")):
        yield "summary", summary
    if release.mark:
        yield "yank", release.mark
    yield "status", format_status(details.page)
    yield "latest release", "this one" if is_latest else str(details.latest)
    yield "requires-python", details.requires_python or "any"
    dependencies = details.requires_dist
    if dependencies is None:
        yield "dependencies", "unknown: the index has no metadata of the release"
    for position, text in enumerate(dependencies or ["none"] if dependencies is not None else []):
        yield "dependencies" if position == 0 else "", text
