"""Page of a release, and page of a project: its newest release with the release history."""

from collections.abc import Sequence

from packaging.metadata import RawMetadata
from packaging.version import Version as ParsedVersion

from publisher.site.dependency_groups import group_dependencies
from publisher.site.page_content import ReleaseContent, Site
from publisher.site.page_templates import mark_safe, render_page
from publisher.site.people import list_authors, list_maintainers
from publisher.site.project_links import list_project_links
from publisher.site.release_chart import draw_chart
from publisher.site.release_files import (
    ReleaseFile,
    list_filters,
    list_release_files,
    sort_for_page,
)
from publisher.site.release_list import list_releases
from publisher.site.status_notices import list_notices
from schemas.records import FileRecord

RELEASES_ON_PAGE = 20
"""Number of releases on the page of a project; its release list has all of them."""
FILES_ON_PROJECT_PAGE = 60
"""Number of files on the page of a project; the page of the release has more."""
FILES_ON_RELEASE_PAGE = 1000
"""Number of files on the page of a release; the simple index has all of them."""
MAX_TERMS = 200
"""Maximum number of classifiers, and of keywords, on a page."""

_Variables = dict[str, object]


def render_project(content: ReleaseContent, site: Site) -> bytes:
    """Render ``projects/<project>/``: the newest release, and the newest releases of the list."""
    releases = list_releases(content.listing)
    return _render(
        content,
        site,
        root="../../",
        releases=releases[:RELEASES_ON_PAGE],
        release_count=len(releases),
        chart=draw_chart([release.time for release in releases]),
        max_files=FILES_ON_PROJECT_PAGE,
    )


def render_release(content: ReleaseContent, site: Site) -> bytes:
    """Render ``projects/<project>/<version>/``; it says nothing about other releases."""
    return _render(content, site, root="../../../", max_files=FILES_ON_RELEASE_PAGE)


def _render(
    content: ReleaseContent, site: Site, *, root: str, max_files: int, **project: object
) -> bytes:
    """Render a page.

    :param project: variables of the page of a project; empty for the page of a release.
    """
    files = list_release_files(content)
    shown = sort_for_page(files)[:max_files]
    return render_page(
        "project.html" if project else "release.html",
        site=site,
        root=root,
        version=content.version,
        listing=content.listing,
        requirement=_make_requirement(content, is_exact=not project),
        readme=mark_safe(content.readme.html),
        readme_note=content.readme.note,
        notices=list_notices(content, files),
        files=shown,
        further_files=len(files) - len(shown),
        filters=list_filters(shown),
        **_read_facts(content.metadata, files),
        **project,
    )


def _make_requirement(content: ReleaseContent, *, is_exact: bool) -> str:
    """Return the requirement for the install commands; empty if no file is offered.

    Installers take a yanked release or a pre-release only for an exact requirement.
    """
    project, version = content.record.project, content.version
    offered = [file for file in content.listing.files if file.facts.version == version]
    is_special = ParsedVersion(version).is_prerelease or all(f.yanked is not None for f in offered)
    if not offered:
        return ""
    return f"{project}=={version}" if is_exact or is_special else project


def _read_facts(metadata: RawMetadata, files: Sequence[ReleaseFile]) -> _Variables:
    """Return the facts of a release; without core metadata, those in the record of a file."""
    facts = files[0].facts if files else None
    links, further_links = list_project_links(metadata)
    return {
        "summary": metadata.get("summary") or (facts and facts.summary) or "",
        "published": facts,
        "requires_python": metadata.get("requires_python") or (facts and facts.requires_python),
        "licence": metadata.get("license_expression") or _shorten(metadata.get("license", "")),
        "links": links,
        "further_links": further_links,
        "authors": list_authors(metadata),
        "maintainers": list_maintainers(metadata),
        "keywords": [word for word in metadata.get("keywords", []) if word][:MAX_TERMS],
        "classifiers": metadata.get("classifiers", [])[:MAX_TERMS],
        **_read_dependencies(metadata, facts),
    }


def _read_dependencies(metadata: RawMetadata, facts: FileRecord | None) -> _Variables:
    requirements = metadata.get("requires_dist") or list(facts.requires_dist if facts else ())
    groups, further = group_dependencies(requirements, metadata.get("provides_extra", []))
    count = sum(len(group.dependencies) for group in groups)
    return {"groups": groups, "dependency_count": count, "further_dependencies": further}


def _shorten(licence: str) -> str:
    """Return the first line of a licence: some projects write the whole text here."""
    lines = licence.strip().splitlines()
    return lines[0][:200] if lines else ""
