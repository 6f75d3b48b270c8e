"""The types that every message and document is made of, each with its form and its source."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from schemas import names

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest: 64 lower-case hexadecimal digits."""

Generation = Annotated[
    int,
    Field(ge=0, lt=2**63),
    PlainSerializer(str, return_type=str, when_used="json-unless-none"),
]
"""A generation of an object: an int here, a decimal string in JSON, as Cloud Storage has it.

Unique for an object name, but *not* guaranteed to increase: never compared by size.
https://cloud.google.com/storage/docs/metadata#generation-number
"""

Revision = Annotated[
    int, Field(ge=0), PlainSerializer(str, return_type=str, when_used="json-unless-none")
]
"""A revision of a project's record: increases with each commit; microseconds in magnitude."""


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is beyond the calendar") from error


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z`` and six digits of a second: strings sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(format_time, return_type=str, when_used="json-unless-none"),
]
"""A moment in UTC; RFC 3339 with ``Z`` in JSON."""


def _if_text(parse: "names.Parser") -> BeforeValidator:
    """Apply ``parse`` to text; leave anything else to the field's own type error."""

    def validate(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over what it read
        return parse(value) if isinstance(value, str) else value

    return BeforeValidator(validate)


ProjectName = Annotated[names.ProjectName, _if_text(names.normalize_project)]
"""A project's name, normalised (PEP 503); written otherwise, it is normalised on reading."""

Version = Annotated[names.Version, _if_text(names.normalize_version)]
"""A version in its normal form (PEP 440); written otherwise, it is normalised on reading."""

Release = Annotated[names.Version, _if_text(names.release_of)]
"""A release: the one form of all versions that are equal, without trailing zeros."""

Filename = Annotated[names.Filename, _if_text(names.checked_filename)]
"""A distribution's file name: ASCII letters, digits and ``-_.+!``, no more."""

Status = Literal["active", "archived", "quarantined", "deprecated"]
"""A project's status marker (PEP 792)."""


class Model(BaseModel):
    """The base of every message and document: frozen, and deaf to fields it does not know.

    Readers ignore what a newer writer added; that a writer invents no field is checked by mypy.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Document(Model):
    """A model that crosses a process boundary, as JSON."""

    schema_version: Literal[1] = 1
    """The version of this document's schema."""

    def encode(self) -> bytes:
        """The document as UTF-8 JSON, the same bytes for the same values."""
        return self.model_dump_json(by_alias=True).encode()
