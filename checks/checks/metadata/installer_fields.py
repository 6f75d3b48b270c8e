"""Validation of the fields of core metadata that installers use."""

import re

from packaging.metadata import InvalidMetadata, Metadata, RawMetadata

from checks.metadata.explanations import explain
from checks.metadata.field_values import PARSER_FAILURES
from checks.metadata.header_fields import create_refusal
from checks.refusal import Reason, quote

MAX_VALUE_LENGTH = 16 * 1024
"""Maximum length of a value that installers parse, in characters."""

_KNOWN_MAJORS = (1, 2)
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)
_FIELDS = {
    "name": "Name",
    "version": "Version",
    "requires_python": "Requires-Python",
    "requires_dist": "Requires-Dist",
    "provides_extra": "Provides-Extra",
}
_REPEATABLE = ("Requires-Dist", "Provides-Extra")


def validate_installer_fields(
    raw: RawMetadata, unparsed: dict[str, list[str]], reason: Reason
) -> Metadata:
    """Validate the fields that installers use, for every Metadata-Version."""
    _expect_parsed(unparsed, reason)
    metadata = Metadata.from_raw(raw, validate=False)
    for attribute, field in _FIELDS.items():
        _expect_short(raw, attribute, field, reason)
        try:
            getattr(metadata, attribute)
        except (InvalidMetadata, *PARSER_FAILURES) as error:
            fault = f"{field} {explain(attribute, _list_values(raw, attribute), error)}"
            raise create_refusal(reason, fault) from error
    return metadata


def parse_metadata_version(raw: RawMetadata, reason: Reason) -> tuple[int, int]:
    """Return the major and minor number of Metadata-Version; refuse an unknown major number."""
    written = raw.get("metadata_version", "")
    match = _VERSION.fullmatch(written)
    if match is None or int(match[1]) not in _KNOWN_MAJORS:
        raise create_refusal(
            reason,
            f"Metadata-Version is {quote(written)}, but only 1.x and 2.x are accepted. Build with a"
            " current back end",
        )
    return int(match[1]), int(match[2])


def _expect_parsed(unparsed: dict[str, list[str]], reason: Reason) -> None:
    """Refuse unparsed fields: repeated single-valued fields, and values that do not decode."""
    for field in ("Metadata-Version", *_FIELDS.values()):
        if values := unparsed.get(field.lower()):
            if len(values) > 1 and field not in _REPEATABLE:
                raise create_refusal(reason, f"{field} is there {len(values)} times. Write it once")
            raise create_refusal(reason, f"{field} is not readable. Write plain UTF-8")


def _expect_short(raw: RawMetadata, attribute: str, field: str, reason: Reason) -> None:
    for value in _list_values(raw, attribute):
        if len(value) > MAX_VALUE_LENGTH:
            raise create_refusal(
                reason, f"{field}: a value is longer than {MAX_VALUE_LENGTH} characters. Shorten it"
            )


def _list_values(raw: RawMetadata, attribute: str) -> list[str]:
    value = raw.get(attribute, "")
    return list(map(str, value)) if isinstance(value, list) else [str(value)]
