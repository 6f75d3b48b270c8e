"""Spellings of one release: 1.0 and 1.0.0 are equal versions (PEP 440)."""

from pydantic import ValidationError

from cloud.errors import NotFound, Unreadable
from schemas import layout
from schemas.names import ProjectName, Version, normalize_release
from schemas.types import Model


class ListedReleases(Model):
    """The releases in the JSON page of a project (PEP 700)."""

    versions: tuple[Version, ...]
    """Releases in the spelling of their files."""


def find_spelling(project_json: bytes, project: ProjectName, version: Version) -> Version:
    """Return another spelling of a version, which the files of the project have.

    :param project_json: the JSON page of the project.
    :raises NotFound: if the project has no such release, or has it in the given spelling. Then two
        addresses without a page cannot lead to each other.
    :raises Unreadable: if the page is not valid.
    """
    try:
        listed = ListedReleases.model_validate_json(project_json).versions
    except ValidationError as error:
        name = layout.locate_project_json(project)
        raise Unreadable(name, f"{error.error_count()} errors") from error
    release = normalize_release(version)
    equal = [other for other in listed if normalize_release(other) == release]
    if not equal or version in equal:
        raise NotFound("no such release in another spelling")
    return equal[0]
