"""One generation of an object: bytes, attributes from the writer, facts from the storage.

https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import quote

import google_crc32c

from local.stand_ins.storage import errors
from local.stand_ins.storage.contents import ObjectContent

Resource: TypeAlias = dict[str, object]
"""JSON object of the JSON API."""

MAX_METADATA = 8 * 1024
"""Maximum bytes of custom metadata, keys and values together.

Source: https://cloud.google.com/storage/quotas#objects."""

_TEXTS = {
    "contentType": "content_type",
    "cacheControl": "cache_control",
    "contentDisposition": "content_disposition",
    "contentEncoding": "content_encoding",
    "contentLanguage": "content_language",
    "storageClass": "storage_class",
}
_DESCRIBING = {*_TEXTS, "metadata"} - {"storageClass"}
_IDENTITY = {"kind", "id", "selfLink", "mediaLink", "name", "bucket", "acl", "owner"}
_STATE = {"generation", "metageneration", "size", "md5Hash", "crc32c", "etag"}
_TIMES = {"timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized", "timeDeleted"}
_KNOWN = _TEXTS.keys() | {"metadata"} | _IDENTITY | _STATE | _TIMES


@dataclass(frozen=True, slots=True)
class Attributes:
    """The fields of an object resource that the writer sets."""

    content_type: str | None = None
    cache_control: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    storage_class: str | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        size = len("".join((*self.metadata, *self.metadata.values())).encode())
        if size > MAX_METADATA:
            raise errors.invalid(f"The custom metadata is {size} bytes, {MAX_METADATA} are allowed")

    @classmethod
    def from_resource(cls, resource: Mapping[str, object]) -> "Attributes":
        """Make attributes from ``resource``; ignore the fields that only the storage sets."""
        texts = _read_texts(resource)
        return cls(**texts, metadata=_merge({}, resource.get("metadata")))

    def patch(self, changes: Mapping[str, object]) -> "Attributes":
        """Return a patched copy by RFC 7396; null removes, custom metadata is merged by key."""
        texts, metadata = _read_texts(changes), self.metadata
        if "metadata" in changes:
            metadata = _merge(metadata, changes["metadata"])
        return replace(self, metadata=metadata, **texts)

    def resource(self) -> Resource:
        """Return the attributes as fields of an object resource."""
        resource: Resource = {
            key: value for key, attribute in _TEXTS.items() if (value := getattr(self, attribute))
        }
        return resource | ({"metadata": dict(self.metadata)} if self.metadata else {})


def has_attributes(resource: Mapping[str, object]) -> bool:
    """Return True if ``resource`` has attributes and not only a location.

    The Python client sends the name of the destination with each rewrite. A body without other
    fields counts as empty, and the destination inherits the attributes of the source.
    """
    return bool(_DESCRIBING & resource.keys())


def _read_texts(resource: Mapping[str, object]) -> dict[str, str | None]:
    """Return the attributes in ``resource`` that are texts, by field of :class:`Attributes`."""
    for name in resource.keys() - _KNOWN:
        raise errors.not_supported(f"the object's {name}")
    return {
        _TEXTS[key]: _validate_text(key, value) for key, value in resource.items() if key in _TEXTS
    }


def _validate_text(key: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise errors.invalid(f"Invalid value for {key}", key)
    return value


def _merge(metadata: Mapping[str, str], changes: object) -> Mapping[str, str]:
    if changes is None:
        return {}
    if not isinstance(changes, dict):
        raise errors.invalid("Invalid value for metadata", "metadata")
    merged = {**metadata, **changes}
    return {k: v for k, v in merged.items() if _validate_text("metadata", v) is not None}


@dataclass(frozen=True, slots=True)
class Hashes:
    """Digests in base 64, as in resources of Cloud Storage."""

    md5: str
    crc32c: str

    @classmethod
    def from_data(cls, data: bytes) -> "Hashes":
        """Compute the digests of all bytes."""
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        crc32c = google_crc32c.value(data).to_bytes(4, "big")
        return cls(base64.b64encode(md5).decode(), base64.b64encode(crc32c).decode())

    def require(self, *, md5: str | None = None, crc32c: str | None = None) -> None:
        """Compare with the digests from the writer.

        :raises StorageError: 400, if one differs.
        """
        for label, expected, actual in (("MD5", md5, self.md5), ("CRC32C", crc32c, self.crc32c)):
            if expected is not None and expected != actual:
                raise errors.invalid(
                    f'Provided {label} hash "{expected}" doesn\'t match calculated {label} hash '
                    f'"{actual}".'
                )


@dataclass(frozen=True, slots=True)
class Version:
    """One generation of an object; a patch makes a new ``Version`` of the same generation."""

    bucket: str
    name: str
    generation: int
    content: ObjectContent = field(repr=False)
    hashes: Hashes
    attributes: Attributes
    created: datetime
    updated: datetime
    metageneration: int = 1
    deleted: datetime | None = None
    """Time at which a version of a versioned bucket became noncurrent."""

    @property
    def data(self) -> bytes:
        """All bytes."""
        return self.content.read(0, self.content.size)

    @property
    def etag(self) -> str:
        """Entity tag of the JSON API, which changes with the metageneration."""
        return base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode()

    @property
    def xml_etag(self) -> str:
        """Entity tag of the XML API: the MD5 in hexadecimal, quoted."""
        return f'"{base64.b64decode(self.hashes.md5).hex()}"'

    def patch(self, changes: Mapping[str, object], now: datetime) -> "Version":
        """Return a copy with patched attributes and the next metageneration."""
        return replace(
            self,
            attributes=self.attributes.patch(changes),
            metageneration=self.metageneration + 1,
            updated=now,
        )

    def resource(self, origin: str) -> Resource:
        """Return the object resource, with links to ``origin``."""
        # quote() is fast for a name that it does not change.
        path = f"storage/v1/b/{self.bucket}/o/{quote(self.name).replace('/', '%2F')}"
        created = timestamp(self.created)
        resource: Resource = {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{origin}/{path}",
            "mediaLink": f"{origin}/download/{path}?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "storageClass": "STANDARD",
            "size": str(self.content.size),
            "md5Hash": self.hashes.md5,
            "crc32c": self.hashes.crc32c,
            "etag": self.etag,
            "timeCreated": created,
            "updated": timestamp(self.updated),
            "timeStorageClassUpdated": created,
            "timeFinalized": created,
        }
        if self.deleted is not None:
            resource["timeDeleted"] = timestamp(self.deleted)
        return resource | self.attributes.resource()


def check_name(name: str) -> None:
    """Check a name by https://cloud.google.com/storage/docs/objects#naming.

    :raises StorageError: 400, if no object can have the name.
    """
    forbidden = name in ("", ".", "..") or name.startswith(".well-known/acme-challenge/")
    if forbidden or "\r" in name or "\n" in name or len(name.encode()) > 1024:
        raise errors.invalid(f"Invalid object name: {name!r}", "name")


@lru_cache(maxsize=64)
def timestamp(moment: datetime) -> str:
    """Format a time by RFC 3339, in UTC with milliseconds, as the JSON API does.

    A resource has two times or more, which are usually the same.
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
