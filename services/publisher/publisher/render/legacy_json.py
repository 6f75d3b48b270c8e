"""``/pypi/<project>/json``: PyPI's legacy JSON API, with the fields that a record provides.

No standard describes this API, only PyPI's documentation ("JSON API"). Some clients, for example
micropip, do not resolve relative URLs here. URLs are therefore absolute if ``INDEX_URL`` is set;
otherwise they are relative to the page.
"""

from urllib.parse import urljoin

from publisher.render.listing import ListedFile, Listing
from publisher.render.simple_json import Json, encode_json
from schemas import layout
from schemas.records import FileRecord
from schemas.types import format_time


def render(listing: Listing, index_url: str | None = None) -> bytes:
    """Render all releases of a project, and the facts and files of the latest one.

    :param index_url: address of the index, ending in ``/simple/``; None: URLs are relative.
    """
    # The same relative links work on ``/simple/<project>/`` and on this page.
    base = f"{index_url}{listing.project}/" if index_url else ""
    releases: dict[str, list[Json]] = {version: [] for version in listing.versions}
    for file in listing.files:
        releases[file.facts.version].append(_render_file(file, base))
    latest = listing.latest
    return encode_json(
        {
            "info": _render_info(listing, latest, base),
            "releases": releases,
            "urls": releases[latest.facts.version] if latest else [],
            "vulnerabilities": [],
        }
    )


def _render_info(listing: Listing, latest: ListedFile | None, base: str) -> Json:
    link = f"../../{layout.locate_project_pages(listing.project)}"
    info: Json = {"name": listing.project, "project_url": urljoin(base, link)}
    facts = latest.facts if latest else None
    return info | {
        "version": facts.version if facts else None,
        "summary": facts.summary if facts else None,
        "requires_python": latest.requires_python if latest else None,
        "requires_dist": _list_requirements(facts) if facts else None,
        **_render_yank(latest),
    }


def _list_requirements(facts: FileRecord) -> list[str] | None:
    """Return the requirements; None for an sdist without any, because a build can add some."""
    return list(facts.requires_dist) if facts.metadata_sha256 or facts.requires_dist else None


def _render_file(file: ListedFile, base: str) -> Json:
    facts = file.facts
    wheel = facts.filename.endswith(".whl")
    return {
        "filename": facts.filename,
        "url": urljoin(base, file.link),
        "digests": {"sha256": facts.sha256},
        "size": facts.size,
        "packagetype": "bdist_wheel" if wheel else "sdist",
        "python_version": facts.filename.split("-")[-3] if wheel else "source",
        "requires_python": file.requires_python,
        "upload_time": f"{facts.upload_time:%Y-%m-%dT%H:%M:%S}",
        "upload_time_iso_8601": format_time(facts.upload_time),
        "has_sig": False,
        **_render_yank(file),
    }


def _render_yank(file: ListedFile | None) -> Json:
    yanked = file.yanked if file else None
    return {"yanked": yanked is not None, "yanked_reason": yanked or None}
