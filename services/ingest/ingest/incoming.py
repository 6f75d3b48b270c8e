"""One announced generation of an incoming object: its bytes, and the digests claimed for it."""

from collections.abc import Iterator

from checks.distribution import Hashed
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import NotFound
from cloud.ports import Bucket, ObjectInfo
from ingest.upload import MessageRefused, Upload
from schemas import layout
from schemas.types import Sha256


class IncomingObject:
    """An incoming object that exists and may be read; its bytes are streamed at most once.

    :raises Refused: if it does not exist, is too large, or has a Content-Encoding.
    """

    def __init__(self, bucket: Bucket, upload: Upload, policy: Policy) -> None:
        self._bucket = bucket
        self.upload = upload
        self.info = self._find()
        _require_readable(self.info, policy)
        self.bytes = Hashed(self._stream(), policy.max_file_size)
        """The bytes that were not read yet."""

    def sha256(self) -> Sha256:
        """The digest of the whole file; reads the bytes that were not read yet."""
        for _ in self.bytes:
            pass
        return self.bytes.sha256

    def require_claims(self) -> None:
        """Compare the file with the claimed digests; read nothing if there are none.

        :raises Refused: if the object claims another digest than the file has.
        :raises MessageRefused: if the message claims another digest.
        """
        claimed = self.info.metadata.get(layout.SHA256)
        if claimed is not None and claimed.lower() != self.sha256():
            raise _digest_mismatch("the object claims", claimed, self.sha256())
        if self.upload.sha256 is not None:
            require_claim(self.upload, self.sha256())

    def _find(self) -> ObjectInfo:
        generation, info = self.upload.generation, self.upload.found
        if info is None and generation is not None:
            info = self._bucket.stat(self.upload.name, generation)
        if info is None:
            raise not_found(self.upload)
        return info

    def _stream(self) -> Iterator[bytes]:
        try:
            yield from self._bucket.stream(self.info)
        except NotFound as error:
            raise not_found(self.upload) from error


def require_claim(upload: Upload, sha256: Sha256) -> None:
    """Compare a file's digest with the digest that the message claims, if it claims one."""
    if upload.sha256 is not None and upload.sha256 != sha256:
        raise MessageRefused(_digest_mismatch("the message claims", upload.sha256, sha256))


def not_found(upload: Upload) -> Refused:
    """Return the refusal of an upload that does not exist, or not any more."""
    generation = f" at generation {upload.generation}" if upload.generation is not None else ""
    return Refused(
        Reason.NOT_FOUND,
        f"gs://{upload.bucket}/{upload.name} is not there{generation}, and nothing was promoted "
        "from it: upload it before announcing it",
    )


def _require_readable(incoming: ObjectInfo, policy: Policy) -> None:
    if incoming.size > policy.max_file_size:
        raise Refused(
            Reason.TOO_LARGE,
            f"{incoming.name} has {incoming.size} bytes, more than the {policy.max_file_size} "
            "allowed (MAX_FILE_SIZE)",
        )
    if incoming.content_encoding:
        raise Refused(
            Reason.CONTENT_ENCODED,
            f"{incoming.name} is stored with Content-Encoding {incoming.content_encoding!r}: "
            "upload it as it is, without compression in transit (no -z, -Z, -j, -J)",
        )


def _digest_mismatch(who: str, claimed: str, found: Sha256) -> Refused:
    return Refused(
        Reason.DIGEST_MISMATCH,
        f"{who} sha256 {claimed}, the file has {found}: upload it again under a new run id",
    )
