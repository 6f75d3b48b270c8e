"""Records of projects, which operators may read."""

from cloud.ports import Bucket
from gcpypi.errors import CommandFailure, ExitCode
from schemas import layout
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from schemas.types import NewerSchemaVersion


def find_record(records: Bucket, project: ProjectName) -> ProjectRecord | None:
    """Return the record of a project, or None if there is none.

    :raises CloudError: if Cloud Storage does not answer, or denies the access.
    :raises CommandFailure: if this release cannot read the record.
    """
    name = layout.locate_record(project)
    found = records.read(name)
    try:
        return ProjectRecord.model_validate_json(found.data) if found else None
    except (ValueError, NewerSchemaVersion) as error:
        raise CommandFailure(
            f"gs://{records.name}/{name} is not a record that this release reads: upgrade gcpypi",
            ExitCode.UNAVAILABLE,
        ) from error
