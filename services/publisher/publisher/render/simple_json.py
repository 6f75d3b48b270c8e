"""JSON pages of the simple API (PEP 691, 700, 714, 792), from the same listing as the HTML.

The output is deterministic: sorted keys, files in total order. ``dist-info-metadata`` never
appears, because old installers fail on it. URLs are relative to the page. The index therefore works
under any host name and path prefix, and clients send its credentials for files too.
"""

import json
from collections.abc import Iterable

from publisher.render.listing import ListedFile, Listing
from schemas.names import ProjectName
from schemas.types import format_time

API_VERSION = "1.4"
"""Version of the simple API; version 1.5 would require namespaces (PEP 752)."""

Json = dict[str, object]


def render_project(listing: Listing) -> bytes:
    """Render the page of a project."""
    status: Json = {"status": listing.status}
    if listing.status_reason:
        status["reason"] = listing.status_reason
    return encode_json(
        {
            "meta": {"api-version": API_VERSION},
            "name": listing.project,
            "project-status": status,
            "versions": list(listing.versions),
            "files": [_render_file(file) for file in listing.files],
        }
    )


def render_root(projects: Iterable[ProjectName]) -> bytes:
    """Render the list of all projects, by their normalised names."""
    names: list[Json] = [{"name": project} for project in projects]
    return encode_json({"meta": {"api-version": API_VERSION}, "projects": names})


def encode_json(value: Json) -> bytes:
    """Encode a value as UTF-8 JSON; equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _render_file(file: ListedFile) -> Json:
    facts = file.facts
    entry: Json = {
        "filename": facts.filename,
        "url": file.link,
        "hashes": {"sha256": facts.sha256},
        "size": facts.size,
        "upload-time": format_time(facts.upload_time),
        "yanked": file.yanked is not None and (file.yanked or True),
    }
    if file.requires_python:
        entry["requires-python"] = file.requires_python
    if facts.metadata_sha256:
        entry["core-metadata"] = {"sha256": facts.metadata_sha256}
    return entry
