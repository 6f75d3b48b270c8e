"""Style sheet, scripts and icons of the pages for people: the files in ``assets/``.

The name of an asset's object contains the hash of its data. So browsers keep an asset for a year,
and a page never meets an asset of another release.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

from schemas.web_layout import locate_asset

_DIGEST_LENGTH = 16
_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Media types by the ending of the name; files with other endings are not assets."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Style sheet, script or icon of the pages for people."""

    object_name: str
    """Name of its object in the static bucket, and its path from the home page."""
    data: bytes
    media_type: str


def _read_assets() -> Iterator[tuple[str, Asset]]:
    for file in sorted(files(__package__).joinpath("assets").iterdir(), key=lambda each: each.name):
        media_type = _MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            data = file.read_bytes()
            digest = sha256(data).hexdigest()[:_DIGEST_LENGTH]
            yield file.name, Asset(locate_asset(digest, file.name), data, media_type)


ASSETS: Mapping[str, Asset] = MappingProxyType(dict(_read_assets()))
"""All assets by file name."""
