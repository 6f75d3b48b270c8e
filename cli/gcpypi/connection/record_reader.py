"""Documents in the buckets of an index, among them the records of projects."""

from typing import TYPE_CHECKING, TypeVar

from cloud.ports import Bucket
from gcpypi.errors import CommandFailure, ExitCode
from schemas import layout
from schemas.names import ProjectName
from schemas.types import Document, NewerSchemaVersion

if TYPE_CHECKING:
    from schemas.records import ProjectRecord

D = TypeVar("D", bound=Document)


def find_record(records: Bucket, project: ProjectName) -> "ProjectRecord | None":
    """Return the record of a project, or None if there is none.

    :raises CloudError: if Cloud Storage does not answer, or denies the access.
    :raises CommandFailure: if this release cannot read the record.
    """
    from schemas.records import ProjectRecord

    return find_document(records, layout.locate_record(project), ProjectRecord, "record")


def find_document(bucket: Bucket, name: str, model: type[D], kind: str) -> D | None:
    """Return a document, or None if it is absent.

    :param kind: a word for the document, in the failure.
    :raises CloudError: if Cloud Storage does not answer, or denies the access.
    :raises CommandFailure: if this release cannot read the document.
    """
    found = bucket.read(name)
    try:
        return model.model_validate_json(found.data) if found else None
    except (ValueError, NewerSchemaVersion) as error:
        raise CommandFailure(
            f"gs://{bucket.name}/{name} is not a {kind} that this release reads: upgrade gcpypi",
            ExitCode.UNAVAILABLE,
        ) from error
