"""Facts of a promoted file, stored as custom metadata of its object.

Ingest builds every :class:`~schemas.records.FileRecord` and every accepting verdict from these
facts. So both are the same for every delivery of a message, and for ``reindex``.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from checks.distribution import CoreMetadata, VerifiedFile, read_stored_metadata
from checks.refusal import Reason, Refused
from cloud.ports import Headers, ObjectInfo
from ingest.incoming import read_upload_time
from schemas import layout
from schemas.file_notes import encode_notes, read_file_notes
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import InvalidFilename, ProjectName, Version, parse_filename, validate_filename
from schemas.records import FileRecord
from schemas.types import Sha256, format_time

FACTS_VERSION = 3
"""Version of this module's facts; raise it if the facts of existing files change.

1 had no facts from the PKG-INFO of sdists, and 2 no keywords.
"""

_FILE_RULES = "1"
"""Version of the rules for the files of a release: 1 is "one file per release and tag set"."""

_LONGEST_HOLDER = 200
"""Characters of the name of a holder in a record; names of tokens are shorter."""

_MAX_METADATA_SIZE = 8000
"""Maximum size of the keys and values of the custom metadata, in bytes; the notes are shortened.

Cloud Storage accepts 8 KiB of custom metadata per object.
"""
_MAX_WARNINGS_SIZE = 4096
"""Maximum size of the encoded warnings, in bytes."""
_MAX_STARTUP_CODE_SIZE = 1024
"""Maximum size of the encoded members with startup code, in bytes."""


_PATTERNS = {
    layout.SHA256: re.compile(r"[0-9a-f]{64}"),
    layout.UPLOAD_TIME: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    layout.UPLOADER: re.compile(r".+"),
    layout.SOURCE_GENERATION: re.compile(r"\d{1,19}"),
}
"""Required keys in the custom metadata of a promoted object, and patterns of their values."""


def build_headers(incoming: ObjectInfo, uploader: str, verified: VerifiedFile) -> Headers:
    """Build the headers and custom metadata of a promoted object; equal files get equal ones."""
    run = layout.split_run(incoming.name)
    metadata = {
        layout.SHA256: verified.sha256,
        layout.UPLOAD_TIME: format_time(read_upload_time(incoming, uploader)),
        layout.UPLOADER: uploader,
        layout.SOURCE_GENERATION: str(incoming.generation),
        layout.FILE_RULES: _FILE_RULES,
        **({layout.RUN: quote(run, safe="")} if run else {}),
        **_build_holder(incoming),
    }
    return Headers(
        content_type=BINARY,
        cache_control=IMMUTABLE,
        metadata=_add_notes(metadata, verified),
    )


def _add_notes(metadata: Mapping[str, str], verified: VerifiedFile) -> Mapping[str, str]:
    """Add the startup code, if any, and then the warnings, as far as there is space."""
    noted = dict(metadata)
    if verified.startup_code:
        size = _MAX_STARTUP_CODE_SIZE
        noted[layout.STARTUP_CODE] = encode_notes(verified.startup_code, size)
    taken = sum(len(f"{key}{value}".encode()) for key, value in noted.items())
    free = _MAX_METADATA_SIZE - taken - len(layout.WARNINGS)
    noted[layout.WARNINGS] = encode_notes(verified.warnings, min(free, _MAX_WARNINGS_SIZE))
    return noted


def _build_holder(incoming: ObjectInfo) -> Mapping[str, str]:
    """Return the holder that the upload service states, as custom metadata."""
    holder = incoming.metadata.get(layout.HOLDER, "")[:_LONGEST_HOLDER]
    if not holder or not layout.is_of_upload_service(incoming.name):
        return {}
    return {layout.HOLDER: quote(holder, safe="")}


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
    return read_file_notes(promoted.metadata).warnings


def parse_promoted_name(info: ObjectInfo) -> tuple[ProjectName, Version]:
    """Return project and version in the name of a promoted object.

    :raises Refused: if the object is neither a wheel nor an sdist by its name.
    """
    try:
        return parse_filename(info.name)
    except InvalidFilename as error:
        raise Refused(Reason.BAD_FILENAME, f"{error}: remove the object") from error


def build_file_record(
    promoted: ObjectInfo, metadata: bytes, core: CoreMetadata | None = None
) -> FileRecord:
    """Build the record of a promoted file.

    :param metadata: content of its ``.metadata``: METADATA of a wheel, PKG-INFO of an sdist.
    :param core: facts in ``metadata``, if it was parsed before.
    """
    project, version = parse_promoted_name(promoted)
    wheel = promoted.name.endswith(".whl")
    core = core or read_stored_metadata(metadata, is_wheel=wheel)
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
        keywords=core.keywords,
        metadata_sha256=digest if wheel else None,
        pkg_info_sha256=None if wheel else digest,
        generation=promoted.generation,
        source_generation=read_source_generation(promoted),
        promoted_at=promoted.created if is_under_file_rules else None,
        run=_read_quoted(promoted, layout.RUN),
        holder=_read_quoted(promoted, layout.HOLDER),
        facts_version=FACTS_VERSION,
    )


def _read_quoted(promoted: ObjectInfo, key: str) -> str | None:
    return unquote(promoted.metadata[key]) if key in promoted.metadata else None
