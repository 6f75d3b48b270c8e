"""List of the projects within the scope of a token."""

from collections.abc import Mapping
from html import escape

from pydantic import JsonValue, ValidationError

from cloud.errors import Unreadable
from schemas import layout
from schemas.headers import SIMPLE_JSON
from schemas.names import normalize_project
from schemas.tokens import Token
from schemas.types import Model


class ListedProject(Model):
    """Entry of the list of projects."""

    name: str
    """Name of the project, normalised or not."""


class ProjectList(Model):
    """The JSON form of the list (PEP 691)."""

    meta: Mapping[str, JsonValue]
    """``api-version`` and other properties of the response."""
    projects: tuple[ListedProject, ...]
    """All projects of the index."""


def scope_projects(root_json: bytes, token: Token, media_type: str) -> bytes:
    """Return the list of the projects within the scope of ``token``, as JSON or HTML.

    :raises Unreadable: if ``root_json`` is not a list of projects.
    """
    try:
        everything = ProjectList.model_validate_json(root_json)
    except ValidationError as error:
        raise Unreadable(layout.ROOT_JSON, f"{error.error_count()} errors") from error
    projects = tuple(p for p in everything.projects if token.can_read(normalize_project(p.name)))
    scoped = everything.model_copy(update={"projects": projects})
    return scoped.model_dump_json().encode() if media_type == SIMPLE_JSON else _render_html(scoped)


def _render_html(listed: ProjectList) -> bytes:
    """Return the list in HTML (PEP 503, PEP 629), with relative links.

    The version stays 1.4 (PEP 833).
    """
    anchors = (
        f'<a href="{normalize_project(p.name)}/">{escape(p.name)}</a><br>\n'
        for p in listed.projects
    )
    head = '<meta charset="utf-8"><meta name="pypi:repository-version" content="1.4">'
    page = f"<!DOCTYPE html>\n<html><head>{head}<title>Simple index</title></head><body>\n"
    return (page + "".join(anchors) + "</body></html>\n").encode()
