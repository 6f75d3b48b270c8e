"""File in the packages bucket, and its comparison with an upload of the same name."""

from dataclasses import dataclass

from checks.distribution import VerifiedFile
from checks.refusal import Reason, Refused
from cloud.ports import ObjectInfo
from ingest import facts
from ingest.incoming import IncomingObject
from schemas.types import Sha256


@dataclass(frozen=True, slots=True)
class StoredFile:
    """File in the packages bucket; its ``.metadata`` can be missing."""

    info: ObjectInfo
    verified: VerifiedFile | None = None
    """Result of the checks; None if another delivery promoted the file."""

    @property
    def sha256(self) -> Sha256:
        """Digest of the file."""
        return facts.read_sha256(self.info)


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
