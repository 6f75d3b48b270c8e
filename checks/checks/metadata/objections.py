"""Errors in core metadata that do not affect installers."""

import re
from collections.abc import Iterator
from typing import Literal, cast

from packaging.metadata import ExceptionGroup, Metadata, RawMetadata

from checks.metadata.field_values import PARSER_FAILURES, format_error
from checks.metadata.header_fields import find_late_field
from checks.refusal import quote

MAX_JUDGED_LENGTH = 2048
"""Maximum length of a value of a field with quadratic validation time, in characters."""

_NO_FIELD = re.compile(rb"^(?![!-9;-~]*:|[ \t]|\r?$)", re.MULTILINE)
"""Line that is neither a field nor its continuation. `email` starts the body there."""
_SLOW: tuple[Literal["description_content_type", "license_expression"], ...] = (
    "description_content_type",
    "license_expression",
)


def check_form(data: bytes, fields: bytes, raw: RawMetadata) -> tuple[str, ...]:
    """Return errors in the form of the fields, which most readers ignore."""
    if line := _NO_FIELD.search(fields):
        number = fields.count(b"\n", 0, line.start()) + 1
        return (
            f"line {number} is no field: the lines after it are read as the description."
            " Correct the line.",
        )
    if late := find_late_field(data, fields):
        number = fields.count(b"\n")
        return (
            f"line {late[0]} is {quote(late[1])}, but the blank line {number} ends the"
            " fields: installers read it as the description. Remove the blank line.",
        )
    if "description" in raw and data[len(fields) :].strip():
        return ("description: there is one among the fields and one after them. Write only one.",)
    return ()


def list_objections(
    raw: RawMetadata, unparsed: dict[str, list[str]], version: tuple[int, int]
) -> tuple[str, ...]:
    """Return other errors of `packaging`, without unknown fields and newer minor versions."""
    long = {field for field in _SLOW if len(raw.get(field, "")) > MAX_JUDGED_LENGTH}
    judged = {field: value for field, value in raw.items() if field not in long}
    objections = [
        *_list_unreadable_fields(unparsed),
        *map(_describe_length, long),
        *_list_invalid_values(cast(RawMetadata, judged), version),
    ]
    return tuple(sorted(objections))


def _list_unreadable_fields(unparsed: dict[str, list[str]]) -> Iterator[str]:
    known = set(RawMetadata.__annotations__)
    for field in unparsed:
        attribute = field.replace("-", "_")
        if attribute in known or f"{attribute}s" in known:
            yield f"{field}: cannot be read, or is repeated. Write it once, in UTF-8."


def _describe_length(field: str) -> str:
    return f"{field}: too long to be judged, more than {MAX_JUDGED_LENGTH} characters. Shorten it."


def _list_invalid_values(raw: RawMetadata, version: tuple[int, int]) -> Iterator[str]:
    try:
        Metadata.from_raw(raw, validate=True)
    except ExceptionGroup as group:
        for error in group.exceptions:
            if getattr(error, "field", "") != "metadata-version" or version < (2, 1):
                yield format_error(error)
    except PARSER_FAILURES as error:
        yield format_error(error)
