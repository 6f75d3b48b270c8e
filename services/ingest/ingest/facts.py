"""Facts of a promoted file, stored as custom metadata of its object.

Ingest builds every :class:`~schemas.records.FileRecord` and every accepting verdict from these
facts. So both are the same for every delivery of a message, and for ``reindex``.
"""

import hashlib
import json
import re
from datetime import datetime
from urllib.parse import quote, unquote

from checks.distribution import read_core_metadata
from checks.refusal import Reason, Refused
from cloud.ports import Headers, ObjectInfo
from ingest.incoming import read_upload_time
from schemas import layout
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import InvalidFilename, ProjectName, Version, parse_filename, validate_filename
from schemas.records import FileRecord
from schemas.types import Sha256, format_time

WARNINGS = "warnings"
"""Key in the custom metadata of a promoted object; the value is a JSON list of warnings."""

FACTS_VERSION = 2
"""Version of this module's facts; raise it if the facts of existing files change.

1 had no facts from the PKG-INFO of sdists.
"""

_FILE_RULES = "1"
"""Version of the rules for the files of a release: 1 is "one file per release and tag set"."""

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
    run = layout.split_run(incoming.name)
    return Headers(
        content_type=BINARY,
        cache_control=IMMUTABLE,
        metadata={
            layout.SHA256: sha256,
            layout.UPLOAD_TIME: format_time(read_upload_time(incoming, uploader)),
            layout.UPLOADER: uploader,
            layout.SOURCE_GENERATION: str(incoming.generation),
            layout.FILE_RULES: _FILE_RULES,
            **({layout.RUN: quote(run, safe="")} if run else {}),
            WARNINGS: _encode_warnings(warnings),
        },
    )


def is_promoted(info: ObjectInfo) -> bool:
    """Return whether an object in the packages bucket has the metadata of a promoted object."""
    return not _list_wrong_keys(info)


def require_promoted(info: ObjectInfo) -> None:
    """Check that an object in the packages bucket has the custom metadata of a promoted object.

    :raises Refused: if a key is missing or a value invalid: ingest did not create the object.
    """
    if wrong := _list_wrong_keys(info):
        raise Refused(
            Reason.EXISTS,
            f"{info.name} exists, but was not promoted by ingest (missing or invalid custom "
            f"metadata: {', '.join(wrong)}): publish under another version or build number",
        )


def _list_wrong_keys(info: ObjectInfo) -> list[str]:
    values = {key: info.metadata.get(key, "") for key in _PATTERNS}
    return [key for key, form in _PATTERNS.items() if not form.fullmatch(values[key])]


def read_source_generation(promoted: ObjectInfo) -> int:
    """Return the generation of the incoming object that was promoted."""
    return int(promoted.metadata[layout.SOURCE_GENERATION])


def is_run(promoted: ObjectInfo, run: str | None) -> bool:
    """Return whether a file was promoted from this run.

    Return True if the run is unknown, because an older release promoted the file.
    """
    if layout.FILE_RULES not in promoted.metadata:
        return True
    return promoted.metadata.get(layout.RUN) == (quote(run, safe="") if run else None)


def read_sha256(promoted: ObjectInfo) -> Sha256:
    """Return the digest of the promoted bytes."""
    return promoted.metadata[layout.SHA256]


def read_warnings(promoted: ObjectInfo) -> tuple[str, ...]:
    """Return the warnings of the checks."""
    return tuple(json.loads(promoted.metadata.get(WARNINGS, "[]")))


def parse_promoted_name(info: ObjectInfo) -> tuple[ProjectName, Version]:
    """Return project and version in the name of a promoted object.

    :raises Refused: if the object is neither a wheel nor an sdist by its name.
    """
    try:
        return parse_filename(info.name)
    except InvalidFilename as error:
        raise Refused(Reason.BAD_FILENAME, f"{error}: remove the object") from error


def build_file_record(promoted: ObjectInfo, metadata: bytes) -> FileRecord:
    """Build the record of a promoted file.

    :param metadata: content of its ``.metadata``: METADATA of a wheel, PKG-INFO of an sdist.
    """
    project, version = parse_promoted_name(promoted)
    wheel = promoted.name.endswith(".whl")
    core = read_core_metadata(metadata, Reason.BAD_METADATA if wheel else Reason.SDIST_METADATA)
    digest = hashlib.sha256(metadata).hexdigest()
    # Files that were promoted before the rules for the files of a release lack the field.
    is_under_file_rules = layout.FILE_RULES in promoted.metadata
    return FileRecord(
        filename=validate_filename(promoted.name),
        project=project,
        version=version,
        sha256=read_sha256(promoted),
        size=promoted.size,
        upload_time=datetime.fromisoformat(promoted.metadata[layout.UPLOAD_TIME]),
        uploader=promoted.metadata[layout.UPLOADER],
        requires_python=core.requires_python,
        requires_dist=core.requires_dist,
        summary=core.summary,
        metadata_sha256=digest if wheel else None,
        pkg_info_sha256=None if wheel else digest,
        generation=promoted.generation,
        source_generation=read_source_generation(promoted),
        promoted_at=promoted.created if is_under_file_rules else None,
        run=unquote(promoted.metadata[layout.RUN]) if layout.RUN in promoted.metadata else None,
        facts_version=FACTS_VERSION,
    )


def _encode_warnings(warnings: tuple[str, ...]) -> str:
    """Return the warnings as JSON; drop warnings from the end until the text is short enough."""
    kept = list(warnings)
    while len((text := json.dumps(kept)).encode()) > _MAX_WARNINGS_SIZE:
        kept.pop()
    return text
