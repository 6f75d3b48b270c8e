"""Header fields in the bytes of core metadata, before the description."""

import re

from packaging.metadata import RawMetadata, parse_email

from checks.refusal import Reason, Refused

MAX_FIELD_NAMES = 100
"""Maximum number of different fields; the specification has 33. Parsing time is quadratic."""

_END_OF_FIELDS = re.compile(rb"\n\r?\n")
_MAX_SEARCHED_LINES = 50
"""Number of lines of the body in which fields are searched."""
_UNMISTAKABLE = (
    "Metadata-Version|Requires-Dist|Requires-Python|Requires-External|Provides-Extra"
    "|Provides-Dist|Obsoletes-Dist|Classifier|Project-URL|Home-page|Download-URL|Author-email"
    "|Maintainer-email|License-Expression|License-File|Description-Content-Type"
    "|Supported-Platform|Import-Name|Import-Namespace"
)
_AMBIGUOUS = (
    "Name|Version|Dynamic|Platform|Summary|Description|Keywords|Author|Maintainer|License"
    "|Requires|Provides|Obsoletes"
)
"""Other fields. A sentence of a description can begin in the same way."""
_FIELD = re.compile(rb"(%s):[ \t]*\S" % _UNMISTAKABLE.encode(), re.IGNORECASE)
_FIRST_FIELD = re.compile(
    rb"(%s|%s):[ \t]*\S" % (_UNMISTAKABLE.encode(), _AMBIGUOUS.encode()), re.IGNORECASE
)
_CODE_BLOCK = (b"```", b"~~~")

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


def find_late_field(data: bytes, fields: bytes) -> tuple[int, str] | None:
    """Return line number and text of a field at the beginning of the body, or None.

    A blank line among the fields ends them early. Later lines of a description can quote fields in
    a block of code, so the search ends there.
    """
    number, pattern = fields.count(b"\n"), _FIRST_FIELD
    for line in data[len(fields) :].split(b"\n", _MAX_SEARCHED_LINES)[:_MAX_SEARCHED_LINES]:
        number += 1
        if line.startswith(_CODE_BLOCK):
            return None
        if pattern.match(line):
            return number, line.decode().strip()
        if line.strip():
            pattern = _FIELD
    return None


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
