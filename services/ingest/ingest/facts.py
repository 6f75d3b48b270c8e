"""What is known of a promoted file, written onto the object itself and read back from it.

A :class:`~schemas.records.FileRecord` and an accepting verdict are always built from here, so that
they come out the same however often, and by whichever trigger, a file is announced.
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
from schemas.names import ProjectName, Version, checked_filename
from schemas.records import FileRecord
from schemas.types import Sha256, format_time

WARNINGS = "warnings"
"""Custom metadata of a promoted object: what was let through, as a JSON list of sentences."""

_WARNINGS_CAP = 4096
"""Bytes of the warnings: Cloud Storage takes 8 KiB of custom metadata an object."""


_FORMS = {
    layout.SHA256: re.compile(r"[0-9a-f]{64}"),
    layout.UPLOAD_TIME: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    layout.UPLOADER: re.compile(r".+"),
    layout.SOURCE_GENERATION: re.compile(r"\d{1,19}"),
}
"""What the custom metadata of every promoted object says, and in what form."""


def package_headers(
    incoming: ObjectInfo, publisher: str, sha256: Sha256, warnings: tuple[str, ...]
) -> Headers:
    """The whole resource of a promoted object."""
    return Headers(
        content_type=BINARY,
        cache_control=IMMUTABLE,
        metadata={
            layout.SHA256: sha256,
            layout.UPLOAD_TIME: format_time(incoming.created),
            layout.UPLOADER: publisher,
            layout.SOURCE_GENERATION: str(incoming.generation),
            WARNINGS: _capped(warnings),
        },
    )


def require_promoted(info: ObjectInfo) -> None:
    """See that an object of the packages bucket says what a promoted one does.

    :raises Refused: if it does not: somebody put it there by hand.
    """
    said = {key: info.metadata.get(key, "") for key in _FORMS}
    if wrong := [key for key, form in _FORMS.items() if not form.fullmatch(said[key])]:
        raise Refused(
            Reason.EXISTS,
            f"{info.name} is taken by an object that was not promoted (its custom metadata lacks "
            f"{', '.join(wrong)}): publish under another version or build number",
        )


def source_generation(promoted: ObjectInfo) -> int:
    """The generation of the incoming object that was promoted."""
    return int(promoted.metadata[layout.SOURCE_GENERATION])


def sha256_of(promoted: ObjectInfo) -> Sha256:
    """The digest of the promoted bytes."""
    return promoted.metadata[layout.SHA256]


def warnings_of(promoted: ObjectInfo) -> tuple[str, ...]:
    """What was let through when it was judged."""
    return tuple(json.loads(promoted.metadata.get(WARNINGS, "[]")))


def file_record(parsed: ParsedName, promoted: ObjectInfo, metadata: bytes | None) -> FileRecord:
    """Build the facts of a promoted file.

    :param metadata: the bytes of its ``.metadata``; None for an sdist.
    """
    core = read_core_metadata(metadata) if metadata is not None else None
    return FileRecord(
        filename=checked_filename(parsed.filename),
        project=ProjectName(parsed.project),
        version=Version(str(parsed.version)),
        sha256=sha256_of(promoted),
        size=promoted.size,
        upload_time=datetime.fromisoformat(promoted.metadata[layout.UPLOAD_TIME]),
        uploader=promoted.metadata[layout.UPLOADER],
        requires_python=core.requires_python if core else None,
        requires_dist=core.requires_dist if core else (),
        summary=core.summary if core else None,
        metadata_sha256=hashlib.sha256(metadata).hexdigest() if metadata is not None else None,
        generation=promoted.generation,
        source_generation=source_generation(promoted),
    )


def _capped(warnings: tuple[str, ...]) -> str:
    kept = list(warnings)
    while len((text := json.dumps(kept)).encode()) > _WARNINGS_CAP:
        kept.pop()
    return text
