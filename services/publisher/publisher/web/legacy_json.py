"""``/pypi/<project>/json`` and ``/pypi/<project>/<version>/json``: the older JSON API of PyPI.

No standard describes this API, only PyPI's documentation ("JSON API"). Of its fields, the index
does not know MD5 and BLAKE2b digests, ``last_serial`` and ``ownership``.

Some clients, for example micropip, do not resolve relative URLs here. URLs are therefore absolute
if ``INDEX_URL`` is set; otherwise they are relative to ``/pypi/<project>/json``, or to the page of
the release.
"""

from typing import cast
from urllib.parse import quote, urljoin

from packaging.metadata import RawMetadata

from publisher.render.listing import ListedFile
from publisher.render.simple_json import Json, encode_json
from publisher.site.page_content import ReleaseContent
from schemas import layout
from schemas.records import FileRecord
from schemas.types import format_time
from schemas.web_layout import locate_web_pages

_TEXTS = (
    *("author", "author_email", "maintainer", "maintainer_email", "license", "home_page"),
    *("download_url", "description", "description_content_type"),
)
"""Fields that are an empty text if METADATA does not have them."""
_OTHERS = ("license_expression", "license_files", "provides_extra", "dynamic")
"""Fields that are null if METADATA does not have them."""


_UNSUPPORTED: Json = {
    "bugtrack_url": None,
    "docs_url": None,
    "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
}
"""Fields that PyPI no longer fills; see "JSON API" in the documentation of the public index."""


def render_project_json(content: ReleaseContent, index_url: str | None = None) -> bytes:
    """Render all releases of a project, and the facts and files of the given release.

    :param content: the newest release; without files if the project offers none.
    :param index_url: address of the index, ending in ``/simple/``; None: URLs are relative.
    """
    root = urljoin(index_url, "../") if index_url else "../../"
    listing = content.listing
    releases: dict[str, list[Json]] = {version: [] for version in listing.versions}
    for file in listing.files:
        releases[file.facts.version].append(_render_file(file, root))
    latest = listing.latest
    urls = releases[latest.facts.version] if latest else []
    return encode_json(
        _render_release(content, latest, root) | {"releases": releases, "urls": urls}
    )


def render_release_json(content: ReleaseContent, index_url: str | None = None) -> bytes:
    """Render the facts and files of one release.

    :param index_url: address of the index, ending in ``/simple/``; None: URLs are relative.
    """
    root = urljoin(index_url, "../") if index_url else "../../../"
    listing, version = content.listing, content.version
    page = _render_release(content, listing.find_representative(version), root)
    urls = [_render_file(file, root) for file in listing.list_files(version)]
    return encode_json(page | {"urls": urls})


def _render_release(content: ReleaseContent, file: ListedFile | None, root: str) -> Json:
    info = _UNSUPPORTED | _render_fields(content.metadata)
    info |= _render_facts(file) | _render_links(content, root)
    return {"info": info | {"name": content.record.project}, "vulnerabilities": []}


def _render_fields(metadata: RawMetadata) -> Json:
    """Render the fields of METADATA that a record does not have."""
    fields = cast(Json, metadata)
    return {
        **{name: fields.get(name) or "" for name in _TEXTS},
        **{name: fields.get(name) for name in _OTHERS},
        "project_urls": metadata.get("project_urls", {}),  # Renovate does not accept null
        "classifiers": metadata.get("classifiers", []),
        "keywords": ",".join(metadata.get("keywords", ())),
        "platform": ",".join(metadata.get("platforms", ())) or None,
    }


def _render_facts(file: ListedFile | None) -> Json:
    """Render the facts of the record; null if the release has no files."""
    facts = file.facts if file else None
    return {
        "version": facts.version if facts else None,
        "summary": facts.summary if facts else None,
        "requires_python": file.requires_python if file else None,
        "requires_dist": _list_requirements(facts) if facts else None,
        **_render_yank(file),
    }


def _render_links(content: ReleaseContent, root: str) -> Json:
    project = f"{root}{locate_web_pages(content.record.project)}"
    return {
        "package_url": project,
        "project_url": project,
        "release_url": f"{project}{quote(content.version)}/",
    }


def _list_requirements(facts: FileRecord) -> list[str] | None:
    """Return the requirements; None for an sdist without any, because a build can add some."""
    return list(facts.requires_dist) if facts.metadata_sha256 or facts.requires_dist else None


def _render_file(file: ListedFile, root: str) -> Json:
    facts = file.facts
    wheel = facts.filename.endswith(".whl")
    return {
        "filename": facts.filename,
        "url": f"{root}{layout.format_file_path(facts.filename)[1:]}",
        "digests": {"sha256": facts.sha256},
        "size": facts.size,
        "packagetype": "bdist_wheel" if wheel else "sdist",
        "python_version": facts.filename.split("-")[-3] if wheel else "source",
        "requires_python": file.requires_python,
        "upload_time": f"{facts.upload_time:%Y-%m-%dT%H:%M:%S}",
        "upload_time_iso_8601": format_time(facts.upload_time),
        "has_sig": False,
        "comment_text": "",
        "downloads": -1,
        **_render_yank(file),
    }


def _render_yank(file: ListedFile | None) -> Json:
    yanked = file.yanked if file else None
    return {"yanked": yanked is not None, "yanked_reason": yanked or None}
