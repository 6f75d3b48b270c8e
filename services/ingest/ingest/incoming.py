"""Incoming object at one generation: its bytes and its claimed digests."""

from collections.abc import Iterator

from checks.distribution import HashedStream
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import NotFound
from cloud.ports import Bucket, ObjectInfo
from ingest.upload import MessageRefused, Upload
from schemas import layout
from schemas.types import Sha256


class IncomingObject:
    """Existing incoming object; its bytes are streamed at most once.

    :raises MessageRefused: if it does not exist.
    """

    def __init__(self, bucket: Bucket, upload: Upload, policy: Policy) -> None:
        self._bucket = bucket
        self.upload = upload
        self.info = self._find()
        self._policy = policy
        self.bytes = HashedStream(self._stream(), policy.max_file_size)
        """Stream of the bytes that ingest has not read yet."""

    def require_readable(self) -> None:
        """Check size and encoding.

        :raises Refused: if the object is too large, or has a Content-Encoding.
        """
        if self.info.size > self._policy.max_file_size:
            raise Refused(
                Reason.TOO_LARGE,
                f"{self.info.name} has {self.info.size} bytes, more than the "
                f"{self._policy.max_file_size} allowed (MAX_FILE_SIZE)",
            )
        if self.info.content_encoding:
            raise Refused(
                Reason.CONTENT_ENCODED,
                f"{self.info.name} is stored with Content-Encoding "
                f"{self.info.content_encoding!r}: upload it without gzip encoding (without -z, -Z, "
                "-j, -J)",
            )

    def compute_sha256(self) -> Sha256:
        """Read the remaining bytes and return the digest of the whole file."""
        for _ in self.bytes:
            pass
        return self.bytes.sha256

    def verify_claims(self) -> None:
        """Compare the digest of the file with the claimed digests; read the file only if needed.

        :raises Refused: if the digest in the custom metadata of the object differs.
        :raises MessageRefused: if the digest in the message differs.
        """
        claimed = self.info.metadata.get(layout.SHA256)
        if claimed is not None and claimed.lower() != self.compute_sha256():
            raise _digest_mismatch("the custom metadata has", claimed, self.compute_sha256())
        if self.upload.sha256 is not None:
            verify_claim(self.upload, self.compute_sha256())

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


def verify_claim(upload: Upload, sha256: Sha256) -> None:
    """Compare the digest of a file with the digest in the message, if there is one.

    :raises MessageRefused: if the digests differ.
    """
    if upload.sha256 is not None and upload.sha256 != sha256:
        raise MessageRefused(_digest_mismatch("the message has", upload.sha256, sha256))


def not_found(upload: Upload) -> MessageRefused:
    """Return the refusal of a message whose object does not exist, or no longer exists.

    It is never a refusal of the object: a message can name an object that is uploaded later.
    """
    generation = f" at generation {upload.generation}" if upload.generation is not None else ""
    return MessageRefused(
        Refused(
            Reason.NOT_FOUND,
            f"gs://{upload.bucket}/{upload.name} does not exist{generation}, and no file was "
            "promoted from it: upload the file before you announce it",
        )
    )


def _digest_mismatch(source: str, claimed: str, found: Sha256) -> Refused:
    return Refused(
        Reason.DIGEST_MISMATCH,
        f"{source} sha256 {claimed}, the file has {found}: upload it again under a new run id",
    )
