"""Which object holds what an address names, and how its representation is described.

Pages are revalidated at every install, so that a publish is visible at once; files and their
METADATA never change (INDEX_API: #47, #54, #55).
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from cloud.ports import Download, StoredObject
from proxy.negotiation import HTML, JSON
from proxy.paths import Changelog, CoreMetadata, File, Home
from proxy.replies import Opener, Resource, resource
from schemas import layout
from schemas.names import ProjectName
from schemas.pages import SEARCH_SCRIPT
from schemas.tokens import Token

_PAGE = "private, no-cache"
_FILE = "private, max-age=31536000, immutable"
_CONFINED = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The pages' style sheets are inline; nothing else is needed, no script above all.

They are not named by hashes: those do not cover the style attributes that dumb-pypi writes, and
each page has other sheets. What a style sheet can do here is little, as it can load nothing.
"""
_SEARCHABLE = f"{_CONFINED}; script-src '{SEARCH_SCRIPT}'"
"""The search box of the home page is an inline script."""


class Key(NamedTuple):
    """One object as one representation: what the cache holds it under."""

    name: str
    """The object's name."""
    media_type: str
    extra: tuple[tuple[str, str], ...] = ()
    """Further header fields of its answers."""
    token: Token | None = None
    """Whose part of the object it is; None: the whole."""


@lru_cache
def root(media_type: str) -> Key:
    """The list of projects."""
    name = layout.ROOT_JSON if media_type == JSON else layout.ROOT_HTML
    return Key(name, _spelt(media_type), _varying("Accept, Authorization", media_type))


def root_for(token: Token, media_type: str) -> Key:
    """The list of projects; for a token that is not for all of them, of its own."""
    whole = root(media_type)
    return whole if token.reads_everything() else whole._replace(token=token)


@lru_cache(maxsize=4096)
def project_page(project: ProjectName, media_type: str) -> Key:
    """A project's page."""
    name = layout.project_json(project) if media_type == JSON else layout.project_html(project)
    return Key(name, _spelt(media_type), _varying("Accept", media_type))


def legacy_json(project: ProjectName) -> Key:
    """A project's page of the older JSON API."""
    return Key(layout.legacy_json(project), "application/json")


def human_page(target: Home | Changelog) -> Key:
    """A page for people."""
    if isinstance(target, Changelog):
        return Key(layout.changelog(target.page), _spelt(HTML), _policy(_CONFINED))
    return Key(layout.HOME, _spelt(HTML), _policy(_SEARCHABLE))


def packaged(named: File | CoreMetadata) -> Key:
    """A distribution file or its METADATA."""
    filename = named.filename
    if isinstance(named, CoreMetadata):
        return Key(layout.core_metadata(filename), "application/octet-stream")
    media_type = "application/gzip" if filename.endswith(".gz") else "application/octet-stream"
    return Key(filename, media_type)


def page(key: Key, stored: StoredObject) -> Resource:
    """A page; its entity tag comes from its content and type."""
    return resource(
        stored.data,
        len(stored.data),
        stored.generation,
        etag=_tag_of(stored.data, key.media_type),
        media_type=key.media_type,
        cache_control=_PAGE,
        extra=dict(key.extra),
    )


def immutable(key: Key, known: Download, body: bytes | Opener) -> Resource:
    """A file or its METADATA; its entity tag is the digest that Cloud Storage keeps of it."""
    return resource(
        body,
        known.size,
        known.generation,
        etag=f'"{known.md5 or known.generation}"',
        media_type=key.media_type,
        cache_control=_FILE,
        extra=dict(key.extra),
    )


def _tag_of(data: bytes, media_type: str) -> str:
    """Strong, so it differs between the types that one address is served as (RFC 9110 §8.8.3)."""
    digest = hashlib.sha256(media_type.encode() + b"\n" + data).hexdigest()
    return f'"{digest[:32]}"'


def _spelt(media_type: str) -> str:
    """JSON goes without parameters, as one client refuses them; HTML states its charset."""
    return media_type if media_type == JSON else f"{media_type}; charset=utf-8"


def _varying(fields: str, media_type: str) -> tuple[tuple[str, str], ...]:
    vary = (("vary", fields),)
    return vary if media_type == JSON else (*vary, *_policy(_CONFINED))


def _policy(directives: str) -> tuple[tuple[str, str], ...]:
    return (("content-security-policy", directives),)
