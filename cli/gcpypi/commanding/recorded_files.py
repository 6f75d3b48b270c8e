"""Files of a project in its record, which only operators may read."""

from cloud.errors import CloudError
from cloud.ports import Bucket
from gcpypi.commanding.visible_files import is_target
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.connection.record_reader import find_record
from gcpypi.errors import CommandFailure
from schemas.events import ProjectCommand
from schemas.names import ProjectName
from schemas.records import ProjectRecord


def find_records(connection: IndexConnection) -> Bucket | None:
    """Return the bucket of the records; None if the description does not have it."""
    has_records = "metadata" in connection.description.buckets
    return connection.get_bucket("metadata") if has_records else None


def read_record(records: Bucket | None, project: ProjectName) -> ProjectRecord | None:
    """Return the record of a project; None if it is absent, or if the caller may not read it."""
    if records is None:
        return None
    try:
        return find_record(records, project)
    except CloudError:
        return None


def require_recorded(record: ProjectRecord, command: ProjectCommand) -> None:
    """Check that a record has the target of a command, also if the pages do not list it.

    :raises CommandFailure: if it has no such release or file.
    """
    if any(is_target(file, command) for file in record.files.values()):
        return
    files = record.files.values()
    known = {file.filename if command.filename else file.version for file in files}
    target = command.filename or f"release {command.version}"
    raise CommandFailure(
        f"{record.project} has no {target}: it has {', '.join(sorted(known)[-10:]) or 'no files'}"
    )
