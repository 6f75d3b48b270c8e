"""Releases of a project: ``releases.json`` for scripts, and the paged list for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version as ParsedVersion

from publisher.render.listing import ListedFile, Listing
from publisher.render.numbered_pages import NumberedPages
from publisher.render.simple_json import Json, encode_json
from publisher.site.page_content import Site
from publisher.site.page_templates import render_page
from publisher.site.release_chart import draw_chart
from schemas.names import Version
from schemas.records import ProjectRecord
from schemas.types import format_time

RELEASES_PER_PAGE = 100
"""Number of releases on a full page of the list."""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """Release that the pages of its project list."""

    version: Version
    time: datetime
    """Upload time of its first file."""
    files: int
    """Number of offered files."""
    yanked: int
    """Number of yanked files."""

    @property
    def is_yanked(self) -> bool:
        """True if all its files are yanked."""
        return self.yanked == self.files

    @property
    def is_pre_release(self) -> bool:
        """True for a pre-release or a development release (PEP 440)."""
        return ParsedVersion(self.version).is_prerelease


def list_releases(listing: Listing) -> list[ReleaseRow]:
    """Return the offered releases, the newest version first."""
    groups: dict[Version, list[ListedFile]] = {}
    for file in listing.files:
        groups.setdefault(file.facts.version, []).append(file)
    releases = [_make_release(version, files) for version, files in groups.items()]
    return releases[::-1]


def divide_releases(record: ProjectRecord, size: int = RELEASES_PER_PAGE) -> NumberedPages[Version]:
    """Divide all versions of a project into pages, also those that are not offered.

    So the removal of a release moves no other one.
    """
    versions = {file.version for file in record.files.values()}
    return NumberedPages(sorted(versions, key=_rank_version), size)


def render_releases(listing: Listing) -> bytes:
    """Render ``releases.json``.

    ``latest`` is the version that the project's page shows, and ``releases`` the offered releases,
    the newest version first, each with ``version``, ``time``, ``files`` and ``yanked``.
    """
    latest = listing.latest.facts.version if listing.latest else None
    releases = [_describe_release(release) for release in list_releases(listing)]
    return encode_json({"project": listing.project, "latest": latest, "releases": releases})


def render_release_list(
    listing: Listing, versions: NumberedPages[Version], site: Site, page: int
) -> bytes:
    """Render a page of ``projects/<project>/releases/``, the newest version first.

    Only the index has facts of all releases.
    """
    releases = list_releases(listing)
    rows = {release.version: release for release in releases}
    return render_page(
        "release_list.html",
        site=site,
        root="../../../",
        project=listing.project,
        releases=[rows[version] for version in versions.list_items(page) if version in rows],
        total=len(releases),
        chart=draw_chart([release.time for release in releases]),
        page=page,
        pages=versions.count,
    )


def _rank_version(version: Version) -> tuple[ParsedVersion, str]:
    return ParsedVersion(version), version


def _make_release(version: Version, files: Sequence[ListedFile]) -> ReleaseRow:
    return ReleaseRow(
        version=version,
        time=min(file.facts.upload_time for file in files),
        files=len(files),
        yanked=sum(file.yanked is not None for file in files),
    )


def _describe_release(release: ReleaseRow) -> Json:
    description: Mapping[str, object] = {
        "version": release.version,
        "time": format_time(release.time),
        "files": release.files,
        "yanked": release.is_yanked,
    }
    return dict(description)
