"""Objects behind the URLs of the index, and the header fields of their representations.

Pages are revalidated at every install, so a new file is visible at once. Files and their
METADATA never change (items 47, 54 and 55 of ``docs/conformance.md``).
"""

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from cloud.ports import Download, StoredObject
from proxy.index.resources import Resource, create_resource
from schemas import layout
from schemas.discovery import IndexDescription
from schemas.headers import BINARY, IMMUTABLE, JSON, REVALIDATE, SIMPLE_JSON
from schemas.holders import Holder
from schemas.names import Filename, ProjectName
from schemas.types import Generation

_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy of pages for installers: inline style sheets, and no script.

Hashes instead of ``unsafe-inline`` would not help. A hash does not cover the style attributes in
the pages of dumb-pypi, and each page has different style sheets. Under this policy a style sheet
cannot load anything.
"""


class Key(NamedTuple):
    """Cache key: one object in one representation."""

    name: str
    """The name of the object."""
    media_type: str
    extra: tuple[tuple[str, str], ...] = ()
    """Further header fields."""
    globs: tuple[str, ...] | None = None
    """Globs of the projects in a part of the object, sorted; None: the whole object."""


@lru_cache
def create_project_list_key(media_type: str) -> Key:
    """Return the key of the list of projects."""
    name = layout.ROOT_JSON if media_type == SIMPLE_JSON else layout.ROOT_HTML
    return Key(
        name,
        _choose_content_type(media_type),
        _create_page_fields("Accept, Accept-Encoding, Authorization", media_type),
    )


def scope_key(whole: Key, holder: Holder) -> Key:
    """Return the key of the part of an object within the scope of a token.

    Tokens for the same projects have the same key.
    """
    if holder.can_read_everything():
        return whole
    return whole._replace(globs=tuple(sorted(set(holder.projects))))


@lru_cache(maxsize=4096)
def create_project_page_key(project: ProjectName, media_type: str) -> Key:
    """Return the key of a project's page."""
    is_json = media_type == SIMPLE_JSON
    name = layout.locate_project_json(project) if is_json else layout.locate_project_html(project)
    fields = _create_page_fields("Accept, Accept-Encoding", media_type)
    return Key(name, _choose_content_type(media_type), fields)


def create_file_key(filename: Filename) -> Key:
    """Return the key of a distribution file."""
    media_type = "application/gzip" if filename.endswith(".gz") else BINARY
    return Key(filename, media_type)


def create_core_metadata_key(filename: Filename) -> Key:
    """Return the key of a file's METADATA."""
    return Key(layout.locate_core_metadata(filename), BINARY)


def create_description(description: IndexDescription) -> Resource:
    """Return the description of the index. It is no object in Cloud Storage."""
    key = Key(IndexDescription.path, JSON)
    return _create_coded_page(key, Generation(0), description.encode())


def create_page(key: Key, stored: StoredObject, compressed: bytes | None = None) -> Resource:
    """Return a page with an entity tag from its content and media type.

    The tags are strong, so the media types and codings of one URL have different tags
    (RFC 9110 §8.8.3).

    :param compressed: the page in gzip, if that is smaller.
    """
    page = _create_coded_page(key, stored.generation, stored.data)
    if compressed is None:
        return page
    return replace(page, gzipped=_create_coded_page(key, stored.generation, compressed, "gzip"))


def _create_coded_page(
    key: Key, generation: Generation, body: bytes, coding: str | None = None
) -> Resource:
    digest = hashlib.sha256(key.media_type.encode() + b"\n" + body).hexdigest()
    return create_resource(
        body,
        len(body),
        generation,
        etag=f'"{digest[:32]}"',
        media_type=key.media_type,
        cache_control=REVALIDATE,
        extra=dict(key.extra),
        coding=coding,
    )


def create_file(key: Key, known: Download, body: bytes | None) -> Resource:
    """Return a file or its METADATA with the MD5 of Cloud Storage as its entity tag.

    :param body: the whole file; None if it is too large for memory.
    """
    return create_resource(
        body,
        known.size,
        known.generation,
        etag=f'"{known.md5 or known.generation}"',
        media_type=key.media_type,
        cache_control=IMMUTABLE,
        extra=dict(key.extra),
    )


def _choose_content_type(media_type: str) -> str:
    """Return HTML with a charset, but JSON without parameters: one client refuses them in JSON."""
    return media_type if media_type == SIMPLE_JSON else f"{media_type}; charset=utf-8"


def _create_page_fields(vary: str, media_type: str) -> tuple[tuple[str, str], ...]:
    fields = (("vary", vary),)
    policy = ("content-security-policy", _PAGE_POLICY)
    return fields if media_type == SIMPLE_JSON else (*fields, policy)
