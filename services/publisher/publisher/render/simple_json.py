"""The simple API in JSON (PEP 691, 700, 714, 792), written from the values the HTML is made of.

Deterministic: keys sorted, files in total order. ``dist-info-metadata`` never appears: old
installers fail on it. The addresses are path-absolute, so the reader's credentials apply to them.
"""

import json
from collections.abc import Iterable

from publisher.render.listing import ListedFile, Listing
from schemas.names import ProjectName
from schemas.types import format_time

API_VERSION = "1.4"
"""Not 1.5, which promises namespaces (PEP 752)."""

Json = dict[str, object]


def render_project(listing: Listing) -> bytes:
    """The page of a project."""
    status: Json = {"status": listing.status}
    if listing.status_reason:
        status["reason"] = listing.status_reason
    return encoded(
        {
            "meta": {"api-version": API_VERSION},
            "name": listing.project,
            "project-status": status,
            "versions": list(listing.versions),
            "files": [_file(file) for file in listing.files],
        }
    )


def render_root(projects: Iterable[ProjectName]) -> bytes:
    """The list of all projects, by their normalised names."""
    names: list[Json] = [{"name": project} for project in projects]
    return encoded({"meta": {"api-version": API_VERSION}, "projects": names})


def encoded(value: Json) -> bytes:
    """UTF-8 JSON, the same bytes for the same values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _file(file: ListedFile) -> Json:
    facts = file.facts
    entry: Json = {
        "filename": facts.filename,
        "url": file.address,
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
