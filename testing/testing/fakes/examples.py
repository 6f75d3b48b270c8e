"""Example values of the schemas, with whatever a test wants otherwise."""

from datetime import UTC, datetime, timedelta

from schemas.names import parse_filename
from schemas.records import FileRecord

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""Before whatever clock the indexers have: a command from the future is refused."""


def file_record(filename: str = "acme-1.0-py3-none-any.whl", **facts: object) -> FileRecord:
    """The facts of a file; project and version come from its name."""
    project, version = parse_filename(filename)
    given = {
        "filename": filename,
        "project": project,
        "version": version,
        "sha256": "a" * 64,
        "size": 1000,
        "upload_time": NOON,
        "uploader": "acme",
        "generation": 11,
        "source_generation": 7,
        "metadata_sha256": None if filename.endswith(".tar.gz") else "b" * 64,
    }
    return FileRecord.model_validate({**given, **facts})


def later(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)
