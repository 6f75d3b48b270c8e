"""Incoming object at one generation: its bytes and its claimed digests."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from checks.distribution import HashedStream
from checks.policy import Policy
from checks.refusal import Reason, Refused, quote
from cloud.errors import NotFound
from cloud.ports import Bucket, ObjectInfo
from ingest.upload import MessageRefused, Upload
from schemas import layout
from schemas.types import Sha256

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
"""Form of the upload time of an imported file; digits after the microseconds are ignored."""


def read_upload_time(info: ObjectInfo, uploader: str) -> datetime:
    """Return the time of an upload: the creation of its object.

    The object of an import can state the upload time at its source. It is compared with the
    creation of the object, by one clock, so that all deliveries have the same result.

    :raises Refused: if the stated time is not a time of RFC 3339, or later than the creation.
    """
    stated = info.metadata.get(layout.UPLOAD_TIME)
    if uploader != layout.IMPORT or stated is None:
        return info.created
    found = _parse_time(stated)
    if found is not None and found <= info.created:
        return found
    fault = "is not a time of RFC 3339" if found is None else "is after the upload of the object"
    raise Refused(
        Reason.BAD_UPLOAD_TIME,
        f"upload-time {quote(stated)} of {info.name} {fault}: correct the custom metadata, or leave"
        " it out, and upload under a new run id",
    )


def _parse_time(text: str) -> datetime | None:
    if not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


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
        """Check size, encoding and upload time.

        :raises Refused: if the object is too large, or has a Content-Encoding or an invalid time.
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
        self.read_upload_time()

    def read_upload_time(self) -> datetime:
        """Return the time of the upload (:func:`read_upload_time`)."""
        return read_upload_time(self.info, self.upload.uploader)

    def compute_sha256(self) -> Sha256:
        """Read the remaining bytes and return the digest of the whole file.

        :raises MessageRefused: if the object was deleted while its bytes were read.
        """
        for _ in self.bytes:
            pass
        if self.bytes.size != self.info.size:
            raise not_found(self.upload)
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
    """Return the refusal of a message that names an absent or a deleted object.

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
