"""``/pypi/<project>/json``: the public index's older JSON API, as far as the record knows.

No standard describes it; the form is that of the public index (its "JSON API"). The addresses are
path-absolute, as everywhere in this index.
"""

from publisher.render.listing import ListedFile, Listing
from publisher.render.simple_json import Json, encoded
from schemas.types import format_time


def render(listing: Listing) -> bytes:
    """All releases of a project, and the facts and files of its latest one."""
    releases: dict[str, list[Json]] = {version: [] for version in listing.versions}
    for file in listing.files:
        releases[file.facts.version].append(_file(file))
    latest = listing.latest
    return encoded(
        {
            "info": _info(listing, latest),
            "releases": releases,
            "urls": releases[latest.facts.version] if latest else [],
            "vulnerabilities": [],
        }
    )


def _info(listing: Listing, latest: ListedFile | None) -> Json:
    info: Json = {"name": listing.project, "project_url": f"/simple/{listing.project}/"}
    facts = latest.facts if latest else None
    return info | {
        "version": facts.version if facts else None,
        "summary": facts.summary if facts else None,
        "requires_python": latest.requires_python if latest else None,
        "requires_dist": list(facts.requires_dist) if facts and facts.metadata_sha256 else None,
        **_yank(latest),
    }


def _file(file: ListedFile) -> Json:
    facts = file.facts
    wheel = facts.filename.endswith(".whl")
    return {
        "filename": facts.filename,
        "url": file.address,
        "digests": {"sha256": facts.sha256},
        "size": facts.size,
        "packagetype": "bdist_wheel" if wheel else "sdist",
        "python_version": facts.filename.split("-")[-3] if wheel else "source",
        "requires_python": file.requires_python,
        "upload_time": f"{facts.upload_time:%Y-%m-%dT%H:%M:%S}",
        "upload_time_iso_8601": format_time(facts.upload_time),
        "has_sig": False,
        **_yank(file),
    }


def _yank(file: ListedFile | None) -> Json:
    yanked = file.yanked if file else None
    return {"yanked": yanked is not None, "yanked_reason": yanked or None}
