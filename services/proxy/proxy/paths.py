"""The grammar of paths: what a request may name, and nothing else.

A path is split at its slashes first, each segment is decoded once, and each must match a grammar in
which no slash, dot segment, percent sign or control character occurs. What does not match names
nothing, so that no key is ever made of it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from schemas.names import (
    Filename,
    InvalidFilename,
    ProjectName,
    checked_filename,
    normalize_project,
    parse_filename,
)

METADATA = ".metadata"
"""What the name of a file's core metadata adds to the file's own (PEP 658)."""

_PAGE = re.compile(r"page([1-9][0-9]{0,6})\.html", re.ASCII)


@dataclass(frozen=True, slots=True)
class Root:
    """The list of projects, ``/simple/`` (PEP 503)."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project's page, ``/simple/<project>/``."""

    project: ProjectName


@dataclass(frozen=True, slots=True)
class File:
    """A distribution file, ``/packages/<filename>``."""

    project: ProjectName
    filename: Filename


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """A file's METADATA, ``/packages/<filename>.metadata`` (PEP 658)."""

    project: ProjectName
    filename: Filename


@dataclass(frozen=True, slots=True)
class LegacyJson:
    """A project's page of the older JSON API, ``/pypi/<project>/json``."""

    project: ProjectName


@dataclass(frozen=True, slots=True)
class Home:
    """The page for people, ``/``."""


@dataclass(frozen=True, slots=True)
class Changelog:
    """A page of the changes, ``/changelog/page<n>.html``."""

    page: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """An address written otherwise than it is served."""

    path: str
    """Where it is served: absolute, without host, so that neither scheme nor host can be lost."""


Target = Root | Project | File | CoreMetadata | LegacyJson | Home | Changelog | Redirect


@lru_cache(maxsize=4096)
def parse(raw_path: bytes) -> Target | None:
    """Return what a path, as it came over the wire, names; None if nothing."""
    segments = [_decoded(segment) for segment in raw_path.split(b"/")]
    match segments:
        case ["", ""]:
            return Home()
        case ["", "simple"]:
            return Redirect("/simple/")
        case ["", "simple", ""]:
            return Root()
        case ["", "simple", name] | ["", "simple", name, ""]:
            return _project(name, is_canonical=len(segments) == 4)
        case ["", "packages", name]:
            return _file(name)
        case ["", "pypi", name, "json"]:
            return _legacy_json(name)
        case ["", "changelog", name]:
            return _changelog(name)
    return None


def _decoded(segment: bytes) -> str:
    """Decode once; bytes beyond ASCII become a character that no grammar knows."""
    return unquote_to_bytes(segment).decode("ascii", "replace")


def _project(name: str, *, is_canonical: bool) -> Project | Redirect | None:
    try:
        project = normalize_project(name)
    except ValueError:
        return None
    if is_canonical and name == project:
        return Project(project)
    return Redirect(f"/simple/{project}/")


def _legacy_json(name: str) -> LegacyJson | Redirect | None:
    try:
        project = normalize_project(name)
    except ValueError:
        return None
    return LegacyJson(project) if name == project else Redirect(f"/pypi/{project}/json")


def _file(name: str) -> File | CoreMetadata | None:
    kind = CoreMetadata if name.endswith(METADATA) else File
    try:
        filename = checked_filename(name.removesuffix(METADATA))
        project, _ = parse_filename(filename)
    except InvalidFilename:
        return None
    return kind(project, filename)


def _changelog(name: str) -> Changelog | None:
    match = _PAGE.fullmatch(name)
    return Changelog(int(match[1])) if match else None
