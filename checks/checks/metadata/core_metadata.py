"""Core metadata (METADATA, PKG-INFO): what installers rely on has to be right.

`packaging.metadata` parses and judges; this module decides which of its objections refuse a file
and which are only worth a warning.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from packaging.metadata import ExceptionGroup, InvalidMetadata, Metadata, RawMetadata, parse_email
from packaging.version import Version

from checks.refusal import Reason, Refused, quoted

MAX_SUMMARY_SIZE = 512
"""In bytes of UTF-8."""
MAX_FIELD_NAMES = 100
"""Different names of fields; the specification has 33. Parsing is quadratic in them."""
MAX_VALUE_LENGTH = 16 * 1024
"""Of a field that installers parse."""
MAX_JUDGED_LENGTH = 2048
"""Of a field that takes quadratic time to judge."""
LICENSE_FILES_SINCE = (2, 4)
"""The metadata version that says where License-File is to be found (PEP 639)."""

_KNOWN_MAJORS = (1, 2)
_END_OF_FIELDS = re.compile(rb"\n\r?\n")
_STRAY = re.compile(rb"\r(?!\n)|\0")
_NO_FIELD = re.compile(rb"^(?![!-9;-~]*:|[ \t]|\r?$)", re.MULTILINE)
"""A line that is neither a field nor its continuation: from there on, `email` sees a body."""
_MIME = re.compile(
    rb"^(?:content|mime)-[!-9;-~]*:.*(?:\n[ \t].*)*\n?", re.IGNORECASE | re.MULTILINE
)
"""No core metadata, but `email` would heed it: in quadratic time, and to change the description."""
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)
_VITAL = {
    "name": "Name",
    "version": "Version",
    "requires_python": "Requires-Python",
    "requires_dist": "Requires-Dist",
    "provides_extra": "Provides-Extra",
}
_SLOW: tuple[Literal["description_content_type", "license_expression"], ...] = (
    "description_content_type",
    "license_expression",
)
_PARSER_FAILURES = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)
"""What parsers of others have been seen to raise over hostile input, besides their own errors."""


@dataclass(frozen=True)
class CoreMetadata:
    """The facts that ingest uses; strings as written, but for white space."""

    metadata_version: tuple[int, int]
    name: str
    version: Version
    requires_python: str | None
    requires_dist: tuple[str, ...]
    direct_urls: tuple[str, ...]
    """Those of `requires_dist` that name a URL."""
    summary: str | None
    """Its first 512 bytes at most."""
    license_files: tuple[str, ...]
    objections: tuple[str, ...]
    """What is wrong with it that no installer minds."""


def read_core_metadata(data: bytes, reason: Reason = Reason.BAD_METADATA) -> CoreMetadata:
    """Read the bytes of a METADATA or PKG-INFO file; refuses with `reason`."""
    fields = _fields(data, reason)
    raw, unparsed = parse_email(_MIME.sub(b"", fields))
    _expect_parsed(unparsed, reason)
    metadata = _vital(raw, reason)
    version = _metadata_version(raw, reason)
    requirements = metadata.requires_dist or ()
    written = tuple(_one_line(value) for value in raw.get("requires_dist", ()))
    return CoreMetadata(
        metadata_version=version,
        name=metadata.name,
        version=metadata.version,
        requires_python=_one_line(raw.get("requires_python", "")) or None,
        requires_dist=written,
        direct_urls=tuple(
            line for line, one in zip(written, requirements, strict=True) if one.url is not None
        ),
        summary=_cut(_one_line(raw.get("summary", "")), MAX_SUMMARY_SIZE) or None,
        license_files=tuple(raw.get("license_files", ())),
        objections=_form(data, fields, raw) + _objections(raw, unparsed, version),
    )


def _fields(data: bytes, reason: Reason) -> bytes:
    """The header fields, without the description that may follow them as a body."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(reason, f"it is not UTF-8 at byte {error.start}") from error
    body = _END_OF_FIELDS.search(data)
    fields = data[: body.end()] if body else data
    if stray := _STRAY.search(fields):
        raise Refused(
            reason,
            f"a stray control character at byte {stray.start()}: fields end with a line feed",
        )
    lines = fields.split(b"\n")
    if len({line.partition(b":")[0] for line in lines if line[:1] > b" "}) > MAX_FIELD_NAMES:
        raise Refused(reason, f"more than {MAX_FIELD_NAMES} different fields")
    return fields


def _expect_parsed(unparsed: dict[str, list[str]], reason: Reason) -> None:
    """A single-valued field that is repeated, or does not decode, is left unparsed."""
    for field in ("Metadata-Version", *_VITAL.values()):
        if values := unparsed.get(field.lower()):
            times = f" {len(values)} times" if len(values) > 1 else ""
            raise Refused(reason, f"{field} is there{times} in a form that cannot be read")


def _vital(raw: RawMetadata, reason: Reason) -> Metadata:
    """Validate what installers rely on, whichever Metadata-Version is claimed."""
    metadata = Metadata.from_raw(raw, validate=False)
    for attribute, field in _VITAL.items():
        _expect_short(raw, attribute, field, reason)
        try:
            getattr(metadata, attribute)
        except (InvalidMetadata, *_PARSER_FAILURES) as error:
            raise Refused(reason, f"{field}: {_sentence(error)}") from error
    return metadata


def _expect_short(raw: RawMetadata, attribute: str, field: str, reason: Reason) -> None:
    value = raw.get(attribute)
    for one in value if isinstance(value, list) else [value]:
        if len(str(one)) > MAX_VALUE_LENGTH:
            raise Refused(reason, f"{field}: longer than {MAX_VALUE_LENGTH} characters")


def _metadata_version(raw: RawMetadata, reason: Reason) -> tuple[int, int]:
    written = raw.get("metadata_version", "")
    match = _VERSION.fullmatch(written)
    if match is None or int(match[1]) not in _KNOWN_MAJORS:
        raise Refused(
            reason, f"Metadata-Version {quoted(written)}: only 1.x and 2.x are understood"
        )
    return int(match[1]), int(match[2])


def _form(data: bytes, fields: bytes, raw: RawMetadata) -> tuple[str, ...]:
    """Objections to the form of the fields, which most readers make light of."""
    if line := _NO_FIELD.search(fields):
        number = fields.count(b"\n", 0, line.start()) + 1
        return (f"line {number} is no field: what follows it is read as the description",)
    if "description" in raw and data[len(fields) :].strip():
        return ("description: there is one among the fields and one after them",)
    return ()


def _objections(
    raw: RawMetadata, unparsed: dict[str, list[str]], version: tuple[int, int]
) -> tuple[str, ...]:
    """What else `packaging` objects to; unknown fields and newer minor versions are no matter."""
    known = set(RawMetadata.__annotations__)
    found = [
        f"{field}: cannot be read, or is repeated"
        for field in sorted(unparsed)
        if field.replace("-", "_") in known or f"{field.replace('-', '_')}s" in known
    ]
    long = {field for field in _SLOW if len(raw.get(field, "")) > MAX_JUDGED_LENGTH}
    found += [f"{field}: too long to be judged" for field in long]
    judged = {field: value for field, value in raw.items() if field not in long}
    try:
        Metadata.from_raw(cast(RawMetadata, judged), validate=True)
    except ExceptionGroup as group:
        found += [
            _sentence(error)
            for error in group.exceptions
            if getattr(error, "field", "") != "metadata-version" or version < (2, 1)
        ]
    except _PARSER_FAILURES as error:
        found.append(_sentence(error))
    return tuple(sorted(found))


def _sentence(error: BaseException) -> str:
    return _cut(_one_line(str(error)), MAX_SUMMARY_SIZE)


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")
