"""Objects in the JSON API: their paths and properties, and the body of an upload.

https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

import json
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypedDict
from urllib.parse import quote

import google_crc32c

from cloud.ports import Headers, ObjectInfo

LISTED = "name,generation,size,timeCreated,contentType,contentEncoding,metadata"
"""Properties of an :class:`~cloud.ports.ObjectInfo`."""

_CRC32C = re.compile(r"crc32c=([A-Za-z0-9+/=]+)", re.ASCII)
_EPOCH = datetime.fromtimestamp(0, UTC)


class ObjectResource(TypedDict, total=False):
    """Properties of an object. Integers are strings."""

    name: str
    generation: str
    size: str
    timeCreated: str
    contentType: str
    contentEncoding: str
    metadata: Mapping[str, str]


class RewriteResource(TypedDict, total=False):
    """Response to a rewrite: the token of the next call, or the copy."""

    rewriteToken: str
    resource: ObjectResource


class ListingResource(TypedDict, total=False):
    """One page of a listing."""

    items: Sequence[ObjectResource]
    nextPageToken: str


def locate_object(bucket: str, name: str) -> str:
    """Return the path of an object."""
    # quote() is fast for a name that it does not change.
    return f"/b/{bucket}/o/{quote(name).replace('/', '%2F')}"


def encode_query(**parameters: str | int | None) -> str:
    """Return a query string; leave out parameters that are None."""
    given = [
        f"{name}={quote(str(value), safe='')}"
        for name, value in parameters.items()
        if value is not None
    ]
    return "&".join((*given, "prettyPrint=false"))


def parse_info(resource: ObjectResource) -> ObjectInfo:
    """Return the properties of an object."""
    created = resource.get("timeCreated")
    return ObjectInfo(
        name=resource["name"],
        generation=int(resource["generation"]),
        size=int(resource.get("size", 0)),
        created=datetime.fromisoformat(created) if created else _EPOCH,
        content_type=resource.get("contentType", ""),
        content_encoding=resource.get("contentEncoding", ""),
        metadata=resource.get("metadata", {}),
    )


def build_resource(headers: Headers) -> dict[str, object]:
    """Return the properties that a write sets."""
    return {
        "contentType": headers.content_type,
        "cacheControl": headers.cache_control,
        "metadata": dict(headers.metadata),
    }


def build_upload(name: str, data: bytes, headers: Headers) -> tuple[str, bytes]:
    """Return the content type and the body of an upload in one request (RFC 2387).

    Cloud Storage refuses data that differ from the checksum.
    """
    resource = {**build_resource(headers), "name": name, "crc32c": _compute_crc32c(data)}
    boundary = secrets.token_hex(16).encode()
    body = b"".join(
        (
            b"--%b\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n" % boundary,
            json.dumps(resource).encode(),
            b"\r\n--%b\r\ncontent-type: %b\r\n\r\n" % (boundary, headers.content_type.encode()),
            data,
            b"\r\n--%b--" % boundary,
        )
    )
    return f"multipart/related; boundary={boundary.decode()}", body


def has_checksum(data: bytes, hashes: str) -> bool:
    """Return whether the bytes have the checksum in ``x-goog-hash``, or the field has none."""
    match = _CRC32C.search(hashes)
    return match is None or match[1] == _compute_crc32c(data)


def _compute_crc32c(data: bytes) -> str:
    """Return the checksum in the form of Cloud Storage: big-endian, in base64."""
    return b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
