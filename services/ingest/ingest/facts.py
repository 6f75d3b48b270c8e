"""Facts of a promoted file, stored as custom metadata of its object.

Ingest builds every :class:`~schemas.records.FileRecord` and every accepting verdict from these
facts. So both are the same for every delivery of a message, and for ``reindex``.
"""

import hashlib
import json
import re
from datetime import datetime

from checks.distribution import ParsedName, read_core_metadata
from checks.refusal import Reason, Refused
from cloud.ports import Headers, ObjectInfo
from schemas import layout
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import ProjectName, Version, validate_filename
from schemas.records import FileRecord
from schemas.types import Sha256, format_time

WARNINGS = "warnings"
"""Key in the custom metadata of a promoted object; the value is a JSON list of warnings."""

_MAX_WARNINGS_SIZE = 4096
"""Maximum size of the encoded warnings, in bytes.

Cloud Storage accepts 8 KiB of custom metadata per object.
"""


_PATTERNS = {
    layout.SHA256: re.compile(r"[0-9a-f]{64}"),
    layout.UPLOAD_TIME: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    layout.UPLOADER: re.compile(r".+"),
    layout.SOURCE_GENERATION: re.compile(r"\d{1,19}"),
}
"""Required keys in the custom metadata of a promoted object, and patterns of their values."""


def build_headers(
    incoming: ObjectInfo, uploader: str, sha256: Sha256, warnings: tuple[str, ...]
) -> Headers:
    """Build the headers and custom metadata of a promoted object."""
    return Headers(
        content_type=BINARY,
        cache_control=IMMUTABLE,
        metadata={
            layout.SHA256: sha256,
            layout.UPLOAD_TIME: format_time(incoming.created),
            layout.UPLOADER: uploader,
            layout.SOURCE_GENERATION: str(incoming.generation),
            WARNINGS: _encode_warnings(warnings),
        },
    )


def require_promoted(info: ObjectInfo) -> None:
    """Check that an object in the packages bucket has the custom metadata of a promoted object.

    :raises Refused: if a key is missing or a value invalid: ingest did not create the object.
    """
    values = {key: info.metadata.get(key, "") for key in _PATTERNS}
    if wrong := [key for key, form in _PATTERNS.items() if not form.fullmatch(values[key])]:
        raise Refused(
            Reason.EXISTS,
            f"{info.name} exists, but was not promoted by ingest (missing or invalid custom "
            f"metadata: {', '.join(wrong)}): publish under another version or build number",
        )


def read_source_generation(promoted: ObjectInfo) -> int:
    """Return the generation of the incoming object that was promoted."""
    return int(promoted.metadata[layout.SOURCE_GENERATION])


def read_sha256(promoted: ObjectInfo) -> Sha256:
    """Return the digest of the promoted bytes."""
    return promoted.metadata[layout.SHA256]


def read_warnings(promoted: ObjectInfo) -> tuple[str, ...]:
    """Return the warnings of the checks."""
    return tuple(json.loads(promoted.metadata.get(WARNINGS, "[]")))


def build_file_record(
    parsed: ParsedName, promoted: ObjectInfo, metadata: bytes | None
) -> FileRecord:
    """Build the record of a promoted file.

    :param metadata: content of its ``.metadata``; None for an sdist.
    """
    core = read_core_metadata(metadata) if metadata is not None else None
    return FileRecord(
        filename=validate_filename(parsed.filename),
        project=ProjectName(parsed.project),
        version=Version(str(parsed.version)),
        sha256=read_sha256(promoted),
        size=promoted.size,
        upload_time=datetime.fromisoformat(promoted.metadata[layout.UPLOAD_TIME]),
        uploader=promoted.metadata[layout.UPLOADER],
        requires_python=core.requires_python if core else None,
        requires_dist=core.requires_dist if core else (),
        summary=core.summary if core else None,
        metadata_sha256=hashlib.sha256(metadata).hexdigest() if metadata is not None else None,
        generation=promoted.generation,
        source_generation=read_source_generation(promoted),
    )


def _encode_warnings(warnings: tuple[str, ...]) -> str:
    """Return the warnings as JSON; drop warnings from the end until the text is short enough."""
    kept = list(warnings)
    while len((text := json.dumps(kept)).encode()) > _MAX_WARNINGS_SIZE:
        kept.pop()
    return text
