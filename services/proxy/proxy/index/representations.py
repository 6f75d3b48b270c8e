"""The objects behind the addresses, and the header fields of their representations.

Pages are revalidated at every install, so that a publish is visible at once. Files and their
METADATA never change (items 47, 54 and 55 of ``docs/conformance.md``).
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from cloud.ports import Download, StoredObject
from proxy.index.resources import Resource, create_resource
from schemas import layout
from schemas.headers import BINARY, HTML, IMMUTABLE, JSON, REVALIDATE, SIMPLE_JSON
from schemas.names import Filename, ProjectName
from schemas.pages import SEARCH_SCRIPT
from schemas.tokens import Token

_CONFINED = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Pages need their inline style sheets and nothing else, in particular no script.

The sheets are not named by hashes: a hash does not cover the style attributes that dumb-pypi
writes, and each page has other sheets. A style sheet can load nothing here.
"""
_SEARCHABLE = f"{_CONFINED}; script-src '{SEARCH_SCRIPT}'"
"""The home page has an inline script for its search box."""


class Key(NamedTuple):
    """Key of the cache: one object as one representation."""

    name: str
    """The name of the object."""
    media_type: str
    extra: tuple[tuple[str, str], ...] = ()
    """Further header fields."""
    token: Token | None = None
    """The token whose part of the object it is; None: the whole object."""


@lru_cache
def project_list(media_type: str) -> Key:
    """Return the key of the list of projects."""
    name = layout.ROOT_JSON if media_type == SIMPLE_JSON else layout.ROOT_HTML
    return Key(name, _content_type(media_type), _page_fields("Accept, Authorization", media_type))


def scoped_project_list(token: Token, media_type: str) -> Key:
    """Return the key of the list of projects within the scope of a token."""
    whole = project_list(media_type)
    return whole if token.reads_everything() else whole._replace(token=token)


@lru_cache(maxsize=4096)
def project_page(project: ProjectName, media_type: str) -> Key:
    """Return the key of a project's page."""
    is_json = media_type == SIMPLE_JSON
    name = layout.project_json(project) if is_json else layout.project_html(project)
    return Key(name, _content_type(media_type), _page_fields("Accept", media_type))


def legacy_json(project: ProjectName) -> Key:
    """Return the key of a project's page in the older JSON API."""
    return Key(layout.legacy_json(project), JSON)


def home() -> Key:
    """Return the key of the home page."""
    return Key(layout.HOME, HTML, _policy_field(_SEARCHABLE))


def changelog(number: int) -> Key:
    """Return the key of a page of the changelog."""
    return Key(layout.changelog(number), HTML, _policy_field(_CONFINED))


def file(filename: Filename) -> Key:
    """Return the key of a distribution file."""
    media_type = "application/gzip" if filename.endswith(".gz") else BINARY
    return Key(filename, media_type)


def core_metadata(filename: Filename) -> Key:
    """Return the key of a file's METADATA."""
    return Key(layout.core_metadata(filename), BINARY)


def create_page(key: Key, stored: StoredObject) -> Resource:
    """Return a page with an entity tag of its content and media type.

    The tag is strong, so it differs between the media types of one address (RFC 9110 §8.8.3).
    """
    digest = hashlib.sha256(key.media_type.encode() + b"\n" + stored.data).hexdigest()
    return create_resource(
        stored.data,
        len(stored.data),
        stored.generation,
        etag=f'"{digest[:32]}"',
        media_type=key.media_type,
        cache_control=REVALIDATE,
        extra=dict(key.extra),
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


def _content_type(media_type: str) -> str:
    """Return JSON without parameters, because one client refuses them, and HTML with a charset."""
    return media_type if media_type == SIMPLE_JSON else f"{media_type}; charset=utf-8"


def _page_fields(vary: str, media_type: str) -> tuple[tuple[str, str], ...]:
    fields = (("vary", vary),)
    return fields if media_type == SIMPLE_JSON else (*fields, *_policy_field(_CONFINED))


def _policy_field(directives: str) -> tuple[tuple[str, str], ...]:
    return (("content-security-policy", directives),)
