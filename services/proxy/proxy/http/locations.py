"""Canonical paths of the index, and references to them from other spellings.

A reference is relative to the requested path (RFC 3986 §4.2). So it has no scheme, host or path
prefix, and a front end can change all three.
"""

from itertools import takewhile
from urllib.parse import quote

from proxy.http.paths import parse_file, parse_project
from schemas.discovery import IndexDescription
from schemas.layout import METADATA_SUFFIX

_DIRECTORY_PAGE = "index.html"
"""Last segment of a page's path in static indexes."""


def create_location(requested: str, path: str) -> str:
    """Return the reference from a requested path to another path of the index.

    It begins with ``./`` or ``../``. From a path with an empty segment it leads through the root,
    because clients disagree whether ``..`` removes an empty segment.

    :param requested: the path as the client sent it, undecoded.
    """
    here, there = requested.split("/")[1:-1], path.split("/")[1:]
    pairs = zip(here, there[:-1], strict=False)
    equal = takewhile(lambda pair: pair[0] == pair[1], pairs)
    shared = 0 if "" in here else len(list(equal))
    return ("../" * (len(here) - shared) or "./") + "/".join(there[shared:])


def locate_home(requested: bytes) -> str:
    """Return the reference from a requested path to the home page, also for a browser.

    Browsers keep empty segments, and each ``..`` removes one (https://url.spec.whatwg.org).

    :param requested: the path as the client sent it, undecoded.
    """
    return "../" * (requested.count(b"/") - 1) or "./"


def split_path(path: str) -> list[str]:
    """Return the segments of a decoded path, without empty ones and ``index.html`` at the end."""
    segments = [segment for segment in path.split("/") if segment]
    if segments[-1:] == [_DIRECTORY_PAGE]:
        segments.pop()
    return segments


def format_path(segments: list[str], path: str) -> str | None:
    """Return the canonical path of a page or file for installers; None if it is none.

    :param segments: the segments of :func:`split_path`.
    :param path: the path, decoded.
    :raises NotFound: if a name is not valid.
    """
    match segments:
        case ["simple"]:
            return "/simple/"
        case ["simple", project]:
            return f"/simple/{parse_project(project)}/"
        case ["packages", filename] if path.endswith(filename):
            parse_file(filename.removesuffix(METADATA_SUFFIX))
            return f"/packages/{quote(filename)}"
        case _ if "/".join(segments) == IndexDescription.path:
            return f"/{IndexDescription.path}"
    return None
