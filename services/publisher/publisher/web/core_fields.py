"""Fields of core metadata for pages: parsed, limited, and free of control characters.

The values are hostile: an uploader writes them. Each is one line without unprintable characters,
which include ANSI escapes and bidirectional overrides. Only the description and the licence, which
can be a whole text, keep their lines.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import cast
from urllib.parse import urlsplit

from packaging.metadata import RawMetadata

from checks.metadata.header_fields import extract_fields, parse_fields
from checks.metadata.project import MAX_REQUIREMENTS
from checks.refusal import Reason, Refused
from publisher.render.listing import make_printable

MAX_VALUE_LENGTH = 10_000
"""Maximum length of a value, in characters; the rest is left out. Descriptions have no limit."""
MAX_LICENCE_LENGTH = 100_000
"""Maximum length of a licence, in characters; the text of the GPL has 35,000."""
MAX_VALUES = MAX_REQUIREMENTS
"""Maximum number of values of one field; the rest is left out."""

_LINKS = ("home_page", "download_url")
_LONG = ("description", "license")
_CONTINUATION = re.compile(r"\n(?: {7}\||\t| {1,8})")
"""Start of a continuation line of a description or licence among the fields."""


def read_core_fields(data: bytes) -> RawMetadata:
    """Return the fields of a METADATA or PKG-INFO for pages; without fields if it is unreadable.

    Ingest has validated the file, so only files of old releases can be unreadable.
    """
    try:
        fields = extract_fields(data, Reason.BAD_METADATA)
        raw, _ = parse_fields(fields)
    except Refused:
        return {}
    body = data[len(fields) :].decode().replace("\r\n", "\n")
    description = body if body.strip() else _CONTINUATION.sub("\n", raw.get("description", ""))
    cleaned = {name: _clean(name, value) for name, value in raw.items() if name not in _LONG}
    cleaned["license"] = _clean_lines(raw.get("license", ""))
    if description.strip():
        cleaned["description"] = description
    return cast(RawMetadata, {name: value for name, value in cleaned.items() if value})


def is_link(url: str) -> bool:
    """Return whether a URL is safe as a link: absolute, with the scheme http or https."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _clean_lines(text: str) -> str:
    """Return a text of several lines without unprintable characters and blank ends."""
    lines = _CONTINUATION.sub("\n", text[:MAX_LICENCE_LENGTH]).split("\n")
    return "\n".join(map(make_printable, lines)).strip()


def _clean(name: str, value: object) -> object:
    if isinstance(value, str):
        text = make_printable(value[:MAX_VALUE_LENGTH])
        return text if name not in _LINKS or is_link(text) else ""
    if isinstance(value, Mapping):
        urls = {
            _clean("", label): _clean("", url) for label, url in islice(value.items(), MAX_VALUES)
        }
        return {label: url for label, url in urls.items() if is_link(str(url))}
    if isinstance(value, list):
        return list(filter(None, (_clean("", each) for each in value[:MAX_VALUES])))
    return value
