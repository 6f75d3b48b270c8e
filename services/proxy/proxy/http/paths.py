"""Grammar of path segments. It is stricter than the paths of the routes.

The router matches the path after one percent-decoding. This module refuses a name of a project or
file with a slash, dot segment, percent sign or control character, so no URL can bring one into the
name of an object.
"""

import re
from functools import lru_cache

from cloud.errors import NotFound
from schemas.names import (
    Filename,
    InvalidFilename,
    ProjectName,
    Version,
    normalize_project,
    normalize_version,
    parse_filename,
    validate_filename,
)

_PLAIN = re.compile(rb"/(?:[!-$&-~]|%(?:2[1-9a-e]|[3-6][0-9a-f]|7[0-9a-e]))*", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
_SHARD_KEY = re.compile(r"[a-z0-9][a-z0-9-]?", re.ASCII)
_ASSET_DIGEST = re.compile(r"[0-9a-f]{16}", re.ASCII)
_ASSET_NAME = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*\.(css|js|svg)", re.ASCII)


@lru_cache(maxsize=4096)
def has_plain_segments(raw_path: bytes) -> bool:
    """Return whether a path is printable ASCII without an encoded slash or a bare percent sign.

    A decoded slash would split a segment.
    """
    return _PLAIN.fullmatch(raw_path) is not None


@lru_cache(maxsize=4096)
def parse_project(segment: str) -> ProjectName:
    """Return the normalised name of the project in a segment.

    :raises NotFound: if it is not the name of a project.
    """
    try:
        return normalize_project(segment)
    except ValueError as error:
        raise NotFound("no such URL") from error


@lru_cache(maxsize=4096)
def parse_file(segment: str) -> tuple[ProjectName, Filename]:
    """Return the project and the file name in a segment.

    :raises NotFound: if it is not the name of a distribution file.
    """
    try:
        filename = validate_filename(segment)
        return parse_filename(filename)[0], filename
    except InvalidFilename as error:
        raise NotFound("no such URL") from error


@lru_cache(maxsize=4096)
def parse_version(segment: str) -> Version:
    """Return the version in a segment, in its normal form.

    :raises NotFound: if it is not a version (PEP 440).
    """
    try:
        return normalize_version(segment)
    except ValueError as error:
        raise NotFound("no such URL") from error


def parse_page_number(segment: str) -> int:
    """Return the number of a page of a list.

    :raises NotFound: if it is not a number from 1 to 9 999 999 without leading zeros.
    """
    return int(_match(_PAGE_NUMBER, segment))


def parse_shard_key(segment: str) -> str:
    """Return the key of a shard of the search: the first characters of normalised names.

    :raises NotFound: if no normalised name begins with it.
    """
    return _match(_SHARD_KEY, segment)


def parse_asset(digest: str, name: str) -> tuple[str, str]:
    """Return the digest and the name of a style sheet, script or icon.

    :raises NotFound: if there cannot be such an object.
    """
    return _match(_ASSET_DIGEST, digest), _match(_ASSET_NAME, name)


def _match(pattern: re.Pattern[str], segment: str) -> str:
    if pattern.fullmatch(segment) is None:
        raise NotFound("no such URL")
    return segment
