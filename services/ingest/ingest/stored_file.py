"""File in the packages bucket, and its comparison with an upload of the same name."""

from dataclasses import dataclass
from typing import TypeGuard

from checks.distribution import VerifiedFile
from checks.refusal import Reason, Refused
from cloud.ports import ObjectInfo
from ingest import facts
from ingest.incoming import IncomingObject
from ingest.upload import Upload
from schemas import layout
from schemas.records import FileRecord
from schemas.types import Sha256


@dataclass(frozen=True, slots=True)
class StoredFile:
    """File in the packages bucket; its ``.metadata`` can be missing."""

    info: ObjectInfo
    verified: VerifiedFile | None = None
    """Result of the checks; None if this delivery did not promote the file."""

    @property
    def sha256(self) -> Sha256:
        """Digest of the file."""
        return facts.read_sha256(self.info)


@dataclass(frozen=True, slots=True)
class PromotedFile:
    """File in the packages bucket, complete with its ``.metadata``."""

    info: ObjectInfo
    file: FileRecord


def is_promoted_from(info: ObjectInfo | None, upload: Upload) -> TypeGuard[ObjectInfo]:
    """Return True if the object was promoted from this upload.

    The uploader and the run must be the same, and the generation too. If the upload has no
    generation here, there is no live object; then only uploader and run are compared.
    """
    if info is None or not facts.is_promoted(info):
        return False
    if info.metadata[layout.UPLOADER] != upload.uploader:
        return False
    if not facts.is_run(info, layout.split_run(upload.name)):
        return False
    return upload.generation in (None, facts.read_source_generation(info))


def require_same_bytes(taken: ObjectInfo, incoming: IncomingObject) -> StoredFile:
    """Return the stored file if the incoming object has the same bytes.

    :raises Refused: if the bytes differ.
    """
    incoming.verify_claims()
    stored = StoredFile(taken)
    if incoming.info.size != taken.size or incoming.compute_sha256() != stored.sha256:
        raise _name_taken(stored)
    return stored


def _name_taken(stored: StoredFile) -> Refused:
    return Refused(
        Reason.EXISTS,
        f"{stored.info.name} already exists with other bytes (sha256 {stored.sha256}), and an "
        "existing file never changes: publish a new version or build number",
    )
