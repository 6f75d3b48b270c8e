"""Parts of lists within the scope of a token: projects, and items of JSON arrays."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from html import escape

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json, to_json

from cloud.errors import NotFound, Unreadable
from proxy.http.small_pages import render_small_page
from proxy.index.representations import Key, create_project_list_key
from schemas import layout, web_layout
from schemas.headers import SIMPLE_JSON
from schemas.names import normalize_project
from schemas.types import Model, escape_json

_FIRST_LIST_PAGE = web_layout.locate_project_list(1)
_LISTS = (layout.ROOT_HTML, layout.ROOT_JSON, _FIRST_LIST_PAGE)
"""Lists of projects. The proxy renders the part of a token from the JSON list."""
_SHARDS = "search/"
"""Prefix of the shards of the search. No other array has it."""


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


def find_whole(key: Key) -> Key:
    """Return the key of the whole object from which the proxy selects a part."""
    return create_project_list_key(SIMPLE_JSON) if key.name in _LISTS else key._replace(globs=None)


def scope_list(whole: bytes, key: Key, globs: tuple[str, ...]) -> bytes:
    """Return the part of a list for a token, as JSON or HTML.

    :param whole: the object of :func:`find_whole`.
    :raises Unreadable: if ``whole`` is no such list.
    :raises NotFound: if a shard of the search has no project of the token.
    """
    try:
        if key.name in _LISTS:
            return _scope_projects(whole, key, globs)
        return _scope_array(whole, key, globs)
    except ValueError as error:  # also a ValidationError, and a name that is not valid
        count = error.error_count() if isinstance(error, ValidationError) else 1
        raise Unreadable(find_whole(key).name, f"{count} errors") from error


def _scope_projects(root_json: bytes, key: Key, globs: tuple[str, ...]) -> bytes:
    everything = ProjectList.model_validate_json(root_json)
    projects = tuple(p for p in everything.projects if _is_in_scope(p.name, globs))
    scoped = everything.model_copy(update={"projects": projects})
    if key.media_type == SIMPLE_JSON:
        return scoped.model_dump_json().encode()
    return _render_page(scoped) if key.name == _FIRST_LIST_PAGE else _render_html(scoped)


def _scope_array(array: bytes, key: Key, globs: tuple[str, ...]) -> bytes:
    """Return the items of the token's projects, with the escapes of the whole array.

    Without an item a shard is absent. Otherwise the token could learn the first letters of the
    names of other projects, because the catalog writes no shard without a project.
    """
    items = from_json(array, allow_inf_nan=False)
    if not isinstance(items, list):
        raise ValueError("not an array")
    scoped = [item for item in items if _is_in_scope(_read_project(item), globs)]
    if not scoped and key.name.startswith(_SHARDS):
        raise NotFound("the shard has no project of the token")
    return escape_json(to_json(scoped).decode()).encode()


def _read_project(item: object) -> str:
    """Return the name of an item's project."""
    project = item.get("project") if isinstance(item, dict) else None
    if not isinstance(project, str):
        raise ValueError("an item has no project")
    return project


def _is_in_scope(name: str, globs: tuple[str, ...]) -> bool:
    """Return whether a glob matches the normalised name.

    :raises ValueError: if the name is not valid.
    """
    project = normalize_project(name)
    return any(fnmatchcase(project, glob) for glob in globs)


def _render_html(listed: ProjectList) -> bytes:
    """Return the list in HTML (PEP 503, PEP 629), with relative links.

    The version stays 1.4 (PEP 833).
    """
    head = '<meta charset="utf-8"><meta name="pypi:repository-version" content="1.4">'
    page = f"<!DOCTYPE html>\n<html><head>{head}<title>Simple index</title></head><body>\n"
    return (page + _render_anchors(listed, "", "<br>\n") + "</body></html>\n").encode()


def _render_page(listed: ProjectList) -> bytes:
    """Return the list as a page for people, with links to the pages of the projects."""
    number = len(listed.projects)
    count = f"<p>{number} project{'' if number == 1 else 's'} that your token can read.</p>\n"
    items = _render_anchors(listed, "<li>", "</li>\n")
    return render_small_page("Projects", f"{count}<ul>\n{items}</ul>", "../")


def _render_anchors(listed: ProjectList, before: str, after: str) -> str:
    return "".join(
        f'{before}<a href="{normalize_project(p.name)}/">{escape(p.name)}</a>{after}'
        for p in listed.projects
    )
