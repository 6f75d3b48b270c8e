"""Validation of core metadata (METADATA, PKG-INFO).

`packaging.metadata` parses and validates. Errors in fields that installers use refuse a file; other
errors are warnings.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from packaging.metadata import ExceptionGroup, InvalidMetadata, Metadata, RawMetadata, parse_email
from packaging.version import Version

from checks.refusal import Reason, Refused, quote

MAX_SUMMARY_SIZE = 512
"""Maximum size of a summary, in bytes of UTF-8. Longer ones are cut."""
MAX_FIELD_NAMES = 100
"""Maximum number of different fields; the specification has 33. Parsing time is quadratic."""
MAX_VALUE_LENGTH = 16 * 1024
"""Maximum length of a value that installers parse, in characters."""
MAX_JUDGED_LENGTH = 2048
"""Maximum length of a value of a field with quadratic validation time, in characters."""
LICENSE_FILES_SINCE = (2, 4)
"""First metadata version that fixes the directory of License-File (PEP 639)."""

_KNOWN_MAJORS = (1, 2)
_END_OF_FIELDS = re.compile(rb"\n\r?\n")
_STRAY = re.compile(rb"\r(?!\n)|\0")
_NO_FIELD = re.compile(rb"^(?![!-9;-~]*:|[ \t]|\r?$)", re.MULTILINE)
"""Line that is neither a field nor its continuation. `email` starts the body there."""
_MIME = re.compile(
    rb"^(?:content|mime)-[!-9;-~]*:.*(?:\n[ \t].*)*\n?", re.IGNORECASE | re.MULTILINE
)
"""Field that is not core metadata, but that `email` evaluates.

It would take quadratic time and change the description.
"""
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)
_VITAL = {
    "name": "Name",
    "version": "Version",
    "requires_python": "Requires-Python",
    "requires_dist": "Requires-Dist",
    "provides_extra": "Provides-Extra",
}
_REPEATABLE = ("Requires-Dist", "Provides-Extra")
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
"""Exceptions that third-party parsers raised for hostile input, besides their own."""


@dataclass(frozen=True)
class CoreMetadata:
    """Facts for ingest; strings are as written, with white space collapsed."""

    metadata_version: tuple[int, int]
    name: str
    version: Version
    requires_python: str | None
    requires_dist: tuple[str, ...]
    direct_urls: tuple[str, ...]
    """Members of `requires_dist` with a URL."""
    summary: str | None
    """First 512 bytes of the summary, or None."""
    license_files: tuple[str, ...]
    objections: tuple[str, ...]
    """Errors that do not affect installers."""


def read_core_metadata(data: bytes, reason: Reason = Reason.BAD_METADATA) -> CoreMetadata:
    """Read the bytes of a METADATA or PKG-INFO file.

    :raises Refused: with `reason`, if a field that installers use is not valid.
    """
    fields = _extract_fields(data, reason)
    raw, unparsed = parse_email(_MIME.sub(b"", fields))
    _expect_parsed(unparsed, reason)
    metadata = _validate_vital(raw, reason)
    version = _parse_metadata_version(raw, reason)
    requirements = metadata.requires_dist or ()
    written = tuple(_collapse(value) for value in raw.get("requires_dist", ()))
    return CoreMetadata(
        metadata_version=version,
        name=metadata.name,
        version=metadata.version,
        requires_python=_collapse(raw.get("requires_python", "")) or None,
        requires_dist=written,
        direct_urls=tuple(
            line for line, one in zip(written, requirements, strict=True) if one.url is not None
        ),
        summary=_truncate(_collapse(raw.get("summary", "")), MAX_SUMMARY_SIZE) or None,
        license_files=tuple(raw.get("license_files", ())),
        objections=_check_form(data, fields, raw) + _list_objections(raw, unparsed, version),
    )


def _extract_fields(data: bytes, reason: Reason) -> bytes:
    """Return the header fields, without the description in the body."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _create_refusal(
            reason, f"it is not UTF-8 at byte {error.start}. Save it in UTF-8"
        ) from error
    body = _END_OF_FIELDS.search(data)
    fields = data[: body.end()] if body else data
    if stray := _STRAY.search(fields):
        raise _create_refusal(
            reason,
            f"a stray control character at byte {stray.start()}. End fields with a line feed",
        )
    lines = fields.split(b"\n")
    if len({line.partition(b":")[0] for line in lines if line[:1] > b" "}) > MAX_FIELD_NAMES:
        raise _create_refusal(
            reason, f"it has more than {MAX_FIELD_NAMES} different fields. Remove some"
        )
    return fields


def _expect_parsed(unparsed: dict[str, list[str]], reason: Reason) -> None:
    """Refuse unparsed fields: repeated single-valued fields, and values that do not decode."""
    for field in ("Metadata-Version", *_VITAL.values()):
        if values := unparsed.get(field.lower()):
            if len(values) > 1 and field not in _REPEATABLE:
                raise _create_refusal(
                    reason, f"{field} is there {len(values)} times. Write it once"
                )
            raise _create_refusal(reason, f"{field} is not readable. Write plain UTF-8")


def _validate_vital(raw: RawMetadata, reason: Reason) -> Metadata:
    """Validate the fields that installers use, for every Metadata-Version."""
    metadata = Metadata.from_raw(raw, validate=False)
    for attribute, field in _VITAL.items():
        _expect_short(raw, attribute, field, reason)
        try:
            getattr(metadata, attribute)
        except (InvalidMetadata, *_PARSER_FAILURES) as error:
            raise _create_refusal(
                reason, f"{field}: {_format_error(error)}. Correct the field"
            ) from error
    return metadata


def _expect_short(raw: RawMetadata, attribute: str, field: str, reason: Reason) -> None:
    value = raw.get(attribute)
    for one in value if isinstance(value, list) else [value]:
        if len(str(one)) > MAX_VALUE_LENGTH:
            raise _create_refusal(
                reason, f"{field}: a value is longer than {MAX_VALUE_LENGTH} characters. Shorten it"
            )


def _parse_metadata_version(raw: RawMetadata, reason: Reason) -> tuple[int, int]:
    written = raw.get("metadata_version", "")
    match = _VERSION.fullmatch(written)
    if match is None or int(match[1]) not in _KNOWN_MAJORS:
        raise _create_refusal(
            reason,
            f"Metadata-Version is {quote(written)}, but only 1.x and 2.x are accepted. Build with a"
            " current back end",
        )
    return int(match[1]), int(match[2])


def _check_form(data: bytes, fields: bytes, raw: RawMetadata) -> tuple[str, ...]:
    """Return errors in the form of the fields, which most readers ignore."""
    if line := _NO_FIELD.search(fields):
        number = fields.count(b"\n", 0, line.start()) + 1
        return (
            f"line {number} is no field: the lines after it are read as the description."
            " Correct the line.",
        )
    if "description" in raw and data[len(fields) :].strip():
        return ("description: there is one among the fields and one after them. Write only one.",)
    return ()


def _list_objections(
    raw: RawMetadata, unparsed: dict[str, list[str]], version: tuple[int, int]
) -> tuple[str, ...]:
    """Return other errors of `packaging`, without unknown fields and newer minor versions."""
    known = set(RawMetadata.__annotations__)
    objections = [
        f"{field}: cannot be read, or is repeated. Write it once, in UTF-8."
        for field in sorted(unparsed)
        if field.replace("-", "_") in known or f"{field.replace('-', '_')}s" in known
    ]
    long = {field for field in _SLOW if len(raw.get(field, "")) > MAX_JUDGED_LENGTH}
    objections += [
        f"{field}: too long to be judged, more than {MAX_JUDGED_LENGTH} characters. Shorten it."
        for field in long
    ]
    judged = {field: value for field, value in raw.items() if field not in long}
    try:
        Metadata.from_raw(cast(RawMetadata, judged), validate=True)
    except ExceptionGroup as group:
        objections += [
            _format_error(error)
            for error in group.exceptions
            if getattr(error, "field", "") != "metadata-version" or version < (2, 1)
        ]
    except _PARSER_FAILURES as error:
        objections.append(_format_error(error))
    return tuple(sorted(objections))


def _create_refusal(reason: Reason, fault: str) -> Refused:
    name = "PKG-INFO" if reason is Reason.SDIST_METADATA else "METADATA"
    return Refused(reason, f"{name}: {fault}.")


def _format_error(error: BaseException) -> str:
    return _truncate(_collapse(str(error)), MAX_SUMMARY_SIZE)


def _collapse(value: str) -> str:
    return " ".join(value.split())


def _truncate(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")
