"""The bytes of an object over HTTP, by the JSON and by the XML API.

Bytes are served as stored: ``Content-Encoding`` is told, and no gzip is undone.
https://cloud.google.com/storage/docs/xml-api/reference-headers
"""

from collections.abc import Mapping
from email.utils import format_datetime
from typing import Literal
from urllib.parse import quote

from testing.storage import errors
from testing.storage.http.wire import Answer, byte_range
from testing.storage.objects import Version

Api = Literal["json", "xml"]


def media(version: Version, headers: Mapping[str, str], api: Api, *, head: bool = False) -> Answer:
    """Answer with the whole or with the one range asked for.

    :raises StorageError: 304, 412 or 416.
    """
    etag = version.etag if api == "json" else version.xml_etag
    _check_etag(etag, headers)
    size = len(version.data)
    wanted = byte_range(headers.get("range"), size)
    start, end = wanted or (0, size)
    told = _headers(version, etag)
    if wanted:
        told["content-range"] = f"bytes {start}-{end - 1}/{size}"
    body = b"" if head else memoryview(version.data)[start:end]
    return Answer(206 if wanted else 200, body, told, end - start)


def _check_etag(etag: str, headers: Mapping[str, str]) -> None:
    """RFC 9110, 13.1; the quotes are optional, since the JSON API's tags have none."""

    def named(header: str) -> bool:
        given = [tag.strip().removeprefix("W/").strip('"') for tag in headers[header].split(",")]
        return "*" in given or etag.strip('"') in given

    if "if-match" in headers and not named("if-match"):
        raise errors.condition_not_met()
    if "if-none-match" in headers and named("if-none-match"):
        raise errors.not_modified()


def _headers(version: Version, etag: str) -> dict[str, str]:
    attributes = version.attributes
    told = {
        "content-type": attributes.content_type or "application/octet-stream",
        "cache-control": attributes.cache_control,
        "content-disposition": attributes.content_disposition,
        "content-encoding": attributes.content_encoding,
        "content-language": attributes.content_language,
        "etag": etag,
        "last-modified": format_datetime(version.updated.replace(microsecond=0), usegmt=True),
        "accept-ranges": "bytes",
        "x-goog-generation": str(version.generation),
        "x-goog-metageneration": str(version.metageneration),
        "x-goog-hash": f"crc32c={version.hashes.crc32c},md5={version.hashes.md5}",
        "x-goog-storage-class": attributes.storage_class or "STANDARD",
        "x-goog-stored-content-encoding": attributes.content_encoding or "identity",
        "x-goog-stored-content-length": str(len(version.data)),
    }
    custom = {f"x-goog-meta-{key}": _ascii(value) for key, value in attributes.metadata.items()}
    return {name: value for name, value in told.items() if value is not None} | custom


def _ascii(value: str) -> str:
    """What a header cannot carry is percent-encoded."""
    return value if value.isascii() and value.isprintable() else quote(value, safe=" /:;,=+")
