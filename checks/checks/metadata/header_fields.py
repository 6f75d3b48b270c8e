"""Header fields in the bytes of core metadata, before the description."""

import re

from packaging.metadata import RawMetadata, parse_email

from checks.refusal import Reason, Refused

MAX_FIELD_NAMES = 100
"""Maximum number of different fields; the specification has 33. Parsing time is quadratic."""

_END_OF_FIELDS = re.compile(rb"\n\r?\n")
_STRAY = re.compile(rb"\r(?!\n)|\0")
_MIME = re.compile(
    rb"^(?:content|mime)-[!-9;-~]*:.*(?:\n[ \t].*)*\n?", re.IGNORECASE | re.MULTILINE
)
"""Field that is not core metadata, but that `email` evaluates.

It would take quadratic time and change the description.
"""


def extract_fields(data: bytes, reason: Reason) -> bytes:
    """Return the header fields, without the description in the body."""
    _expect_utf8(data, reason)
    body = _END_OF_FIELDS.search(data)
    fields = data[: body.end()] if body else data
    if stray := _STRAY.search(fields):
        fault = f"a stray control character at byte {stray.start()}. End fields with a line feed"
        raise create_refusal(reason, fault)
    lines = fields.split(b"\n")
    if len({line.partition(b":")[0] for line in lines if line[:1] > b" "}) > MAX_FIELD_NAMES:
        fault = f"it has more than {MAX_FIELD_NAMES} different fields. Remove some"
        raise create_refusal(reason, fault)
    return fields


def parse_fields(fields: bytes) -> tuple[RawMetadata, dict[str, list[str]]]:
    """Return the parsed fields, and the fields that are unknown, repeated or do not decode."""
    return parse_email(_MIME.sub(b"", fields))


def create_refusal(reason: Reason, fault: str) -> Refused:
    """Return the refusal of the file of core metadata."""
    name = "PKG-INFO" if reason is Reason.SDIST_METADATA else "METADATA"
    return Refused(reason, f"{name}: {fault}.")


def _expect_utf8(data: bytes, reason: Reason) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        fault = f"it is not UTF-8 at byte {error.start}. Save it in UTF-8"
        raise create_refusal(reason, fault) from error
