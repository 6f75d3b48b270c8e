"""Field types of messages and documents, with their form and source."""

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
    field_validator,
)

from schemas import names

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 digest: 64 lower-case hexadecimal digits."""

Generation = Annotated[
    int,
    Field(ge=0, lt=2**63),
    PlainSerializer(str, return_type=str, when_used="json-unless-none"),
]
"""Generation of an object: an int here, a decimal string in JSON, as in Cloud Storage.

Unique for an object name, but *not* guaranteed to increase: never compare the size of two.
https://cloud.google.com/storage/docs/metadata#generation-number
"""

Revision = Annotated[
    int, Field(ge=0), PlainSerializer(str, return_type=str, when_used="json-unless-none")
]
"""Revision of a project's record. It increases with each commit, and is based on microseconds."""


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from error


def format_time(moment: datetime) -> str:
    """Format a time as RFC 3339 in UTC with ``Z`` and microseconds.

    The order of the strings is the order of the times.
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(format_time, return_type=str, when_used="json-unless-none"),
]
"""Time in UTC; RFC 3339 with ``Z`` in JSON."""


_HTML_ESCAPES = str.maketrans({each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"})
"""Escapes of characters with a meaning in HTML, and of the line separators of JavaScript."""


def escape_json(text: str) -> str:
    """Return equal JSON that begins no tag, even if a browser takes it for HTML."""
    return text.translate(_HTML_ESCAPES)


def _apply_to_text(parse: "names.Parser") -> BeforeValidator:
    """Apply ``parse`` to text; leave other values to the field's type error."""

    def validate(value: Any) -> Any:  # noqa: ANN401 - pydantic passes the input value
        return parse(value) if isinstance(value, str) else value

    return BeforeValidator(validate)


ProjectName = Annotated[names.ProjectName, _apply_to_text(names.normalize_project)]
"""Normalised name of a project (PEP 503). Other spellings are normalised on reading."""

Version = Annotated[names.Version, _apply_to_text(names.normalize_version)]
"""Version in its normal form (PEP 440). Other spellings are normalised on reading."""

Release = Annotated[names.Version, _apply_to_text(names.normalize_release)]
"""Release: the common form of all equal versions, without trailing zeros."""

Filename = Annotated[names.Filename, _apply_to_text(names.validate_filename)]
"""File name of a distribution: only ASCII letters, digits and ``-_.+!``."""

Status = Literal["active", "archived", "quarantined", "deprecated"]
"""Status marker of a project (PEP 792)."""

ReleaseStatus = Literal["active", "quarantined"]
"""Status of one release; PEP 792 has no status of a release."""

MAX_DETAIL_LENGTH = 1000
"""Maximum length of a detail, in characters. A detail can quote data of the sender."""

SCHEMA_VERSION: Literal[1] = 1
"""Newest schema version of messages and documents that this release reads and writes."""


class NewerSchemaVersion(Exception):
    """Message or document with a newer schema version than this release reads.

    It is no ``ValueError``, so Pydantic passes it to the caller, and no handler of invalid data
    catches it. Pub/Sub delivers the message again, until an instance of a newer release reads it.
    """

    def __init__(self, kind: str, version: int) -> None:
        super().__init__(
            f"{kind} of schema_version {version}, but this release reads versions up to "
            f"{SCHEMA_VERSION}: complete the upgrade, or install the newer release again"
        )
        self.kind = kind
        self.version = version


def require_known_version(kind: str, version: object) -> None:
    """Check the schema version of a document; leave other invalid values to the field's type error.

    :raises NewerSchemaVersion: if it is newer than :data:`SCHEMA_VERSION`.
    """
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise NewerSchemaVersion(kind, version)


class Model(BaseModel):
    """Base of every message and document: frozen; readers ignore unknown fields.

    A newer writer can therefore add fields. mypy checks the fields of writers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


KEEP_UNKNOWN_FIELDS = ConfigDict(extra="allow")
"""Configuration of models that a service reads, changes and writes back.

A field of a newer release stays in the document, with its value. It takes part in comparisons.
"""


class Document(Model):
    """Base of the models that services exchange as JSON.

    Reading raises :class:`NewerSchemaVersion` for a newer document, also if its other fields are
    invalid.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    """Version of this document's schema."""

    @field_validator("schema_version", mode="before")
    @classmethod
    def _require_known_version(cls, version: object) -> object:
        require_known_version(cls.__name__, version)
        return version

    def encode(self) -> bytes:
        """Return the document as UTF-8 JSON; equal values give equal bytes.

        Unknown fields of a newer release follow the known ones, in the order of their reading.
        """
        return self.model_dump_json(by_alias=True).encode()
