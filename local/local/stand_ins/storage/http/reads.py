"""Bytes of an object over HTTP, for the JSON API and the XML API.

The bytes are those of the object: ``Content-Encoding`` is a header, without decompression.
https://cloud.google.com/storage/docs/xml-api/reference-headers
"""

from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from local.stand_ins.storage import errors
from local.stand_ins.storage.contents import ContentPart
from local.stand_ins.storage.http.wire import WireResponse, parse_range
from local.stand_ins.storage.objects import Version

Api = Literal["json", "xml"]


def respond(
    version: Version, headers: Mapping[str, str], api: Api, *, head: bool = False
) -> WireResponse:
    """Respond with the whole object or with the requested range.

    :raises StorageError: 304, 412 or 416.
    """
    etag = version.etag if api == "json" else version.xml_etag
    _check_etag(etag, headers)
    size = version.content.size
    wanted = parse_range(headers.get("range"), size)
    start, end = wanted or (0, size)
    fields = _make_headers(version, etag)
    if wanted:
        fields["content-range"] = f"bytes {start}-{end - 1}/{size}"
    media = None if head else ContentPart(version.content, start, end)
    return WireResponse(206 if wanted else 200, headers=fields, length=end - start, media=media)


def _check_etag(etag: str, headers: Mapping[str, str]) -> None:
    """Check the conditions of RFC 9110, 13.1; quotes are optional, as in the JSON API."""

    def has_etag(header: str) -> bool:
        tags = [tag.strip().removeprefix("W/").strip('"') for tag in headers[header].split(",")]
        return "*" in tags or etag.strip('"') in tags

    if "if-match" in headers and not has_etag("if-match"):
        raise errors.condition_not_met()
    if "if-none-match" in headers and has_etag("if-none-match"):
        raise errors.not_modified()


def _make_headers(version: Version, etag: str) -> dict[str, str]:
    attributes = version.attributes
    fields = {
        "content-type": attributes.content_type or "application/octet-stream",
        "cache-control": attributes.cache_control,
        "content-disposition": attributes.content_disposition,
        "content-encoding": attributes.content_encoding,
        "content-language": attributes.content_language,
        "etag": etag,
        "last-modified": _format_date(int(version.updated.timestamp())),
        "accept-ranges": "bytes",
        "x-goog-generation": str(version.generation),
        "x-goog-metageneration": str(version.metageneration),
        "x-goog-hash": f"crc32c={version.hashes.crc32c},md5={version.hashes.md5}",
        "x-goog-storage-class": attributes.storage_class or "STANDARD",
        "x-goog-stored-content-encoding": attributes.content_encoding or "identity",
        "x-goog-stored-content-length": str(version.content.size),
    }
    custom = {f"x-goog-meta-{key}": _encode(value) for key, value in attributes.metadata.items()}
    return {name: value for name, value in fields.items() if value is not None} | custom


@lru_cache(maxsize=64)
def _format_date(second: int) -> str:
    """Format a time by RFC 9110, 5.6.7. Objects that are read together are often of one second.

    :param second: seconds since the epoch.
    """
    return formatdate(second, usegmt=True)


def _encode(value: str) -> str:
    """Percent-encode a value that is not valid in a header."""
    return value if value.isascii() and value.isprintable() else quote(value, safe=" /:;,=+")
