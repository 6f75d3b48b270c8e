"""Example values of the schemas; a test overrides single fields."""

from datetime import UTC, datetime, timedelta

from schemas.names import parse_filename
from schemas.records import FileRecord

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""A time before the clock of every indexer: the indexer refuses commands from the future."""


def make_file_record(filename: str = "acme-1.0-py3-none-any.whl", **facts: object) -> FileRecord:
    """Return the facts of a file; project and version come from its name."""
    project, version = parse_filename(filename)
    defaults = {
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
    return FileRecord.model_validate({**defaults, **facts})


def make_time(seconds: float) -> datetime:
    """Return a time ``seconds`` after noon."""
    return NOON + timedelta(seconds=seconds)
