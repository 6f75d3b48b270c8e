"""Reception of one file: its checks run, and its bytes are stored, while it arrives.

1. Check the name of the file against the claims of the form and the rights of the holder.
2. Look for a file of this name. If there is one, hash the bytes only, and compare the digests.
3. Otherwise pass each piece to the checks and to a resumable upload.
4. Complete the upload after the checks of the whole file and the end of the form.

Each step can refuse the file. Then the upload is cancelled, and there is no object.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from anyio import CapacityLimiter, to_thread

from checks.distribution import HashedStream, ParsedName, VerifiedFile, verify
from checks.policy import Policy
from cloud.json_requests.resumable import PIECE, UploadingBucket
from cloud.ports import Bucket, Headers, ObjectInfo
from schemas import layout
from schemas.headers import BINARY, NO_STORE
from upload.legacy.claims import (
    verify_digest_claim,
    verify_name_claims,
    verify_published_digest,
)
from upload.legacy.form_fields import FormClaims
from upload.legacy.inspection import Inspection
from upload.legacy.storing import StoredUpload

_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Reception:
    """Result of a reception."""

    name: ParsedName
    stored: ObjectInfo | None
    """The incoming object; None if the index has the same file already."""
    warnings: tuple[str, ...] = ()
    """Warnings of the checks."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Buckets of a reception, and the threads for its requests and its checks."""

    incoming: UploadingBucket
    packages: Bucket
    checks: CapacityLimiter
    requests: CapacityLimiter


@dataclass(slots=True)
class FileReception:
    """Reception of a file with a free name."""

    storage: Storage
    name: ParsedName
    holder: str
    claims: FormClaims
    """Claims in front of the file."""
    inspection: Inspection[VerifiedFile]
    upload: StoredUpload

    async def add(self, data: bytes) -> None:
        """Pass on bytes of the file.

        :raises Refused: if the checks have refused the file.
        :raises CloudError: if the bytes could not be stored.
        """
        for start in range(0, len(data), PIECE):
            chunk = data[start : start + PIECE]
            piece = await self.upload.add(chunk, self._build_headers(self.claims.sha256))
            if piece is not None:
                await self.inspection.feed(piece)

    async def complete(self, claims: FormClaims) -> Reception:
        """Create the object if the file passed the checks and agrees with the whole form.

        :raises Refused: if it does not.
        """
        if rest := self.upload.take_rest():
            await self.inspection.feed(rest)
        verified = await self.inspection.finish()
        verify_name_claims(claims, self.name)
        verify_digest_claim(claims, verified.sha256)
        info = await self.upload.complete(self._build_headers(verified.sha256))
        return Reception(self.name, info, verified.warnings)

    async def aclose(self) -> None:
        """End the checks, and cancel the upload unless it is complete."""
        try:
            await self.inspection.aclose()
        finally:
            await self.upload.aclose()

    def _build_headers(self, sha256: str) -> Headers:
        """Return the properties of the object. A large file has the digest of the form, if any."""
        digest = {layout.SHA256: sha256} if len(sha256) == _DIGEST_LENGTH else {}
        return Headers(BINARY, NO_STORE, {**digest, layout.HOLDER: self.holder})


@dataclass(slots=True)
class RepeatedFile:
    """Reception of a file whose name is in use; only its digest counts."""

    name: ParsedName
    taken: ObjectInfo
    inspection: Inspection[str]

    async def add(self, data: bytes) -> None:
        """Hash bytes of the file."""
        await self.inspection.feed(data)

    async def complete(self, claims: FormClaims) -> Reception:
        """Return a result without an object if the bytes are the same.

        :raises Refused: if they differ, or if they contradict the form.
        """
        sha256, stored = await self.inspection.finish(), self.taken.metadata.get(layout.SHA256)
        verify_name_claims(claims, self.name)
        verify_digest_claim(claims, sha256)
        verify_published_digest(self.taken.name, stored, sha256)
        return Reception(self.name, None)

    async def aclose(self) -> None:
        """End the hashing."""
        await self.inspection.aclose()


@dataclass(frozen=True, slots=True)
class FileSource:
    """Facts of a file before its first byte."""

    name: ParsedName
    uploader: str
    holder: str
    run: str
    claims: FormClaims
    largest_size: int
    """Size of the file in bytes, or an upper bound if the form has fields after it."""


async def start_reception(
    storage: Storage, policy: Policy, source: FileSource
) -> FileReception | RepeatedFile:
    """Start the reception of a file.

    :raises CloudError: if the packages bucket does not answer.
    """
    find = partial(storage.packages.stat, source.name.filename)
    taken = await to_thread.run_sync(find, limiter=storage.requests)
    if taken is not None:
        hash_bytes = partial(_compute_sha256, limit=policy.max_file_size)
        return RepeatedFile(source.name, taken, Inspection(hash_bytes, storage.checks))
    return FileReception(
        storage,
        source.name,
        source.holder,
        source.claims,
        Inspection(partial(_verify, source, policy), storage.checks),
        StoredUpload(
            storage.incoming,
            layout.locate_upload(source.uploader, source.run, source.name.filename),
            storage.requests,
        ),
    )


def _verify(source: FileSource, policy: Policy, chunks: Iterable[bytes]) -> VerifiedFile:
    return verify(source.name, chunks, policy, source.largest_size)


def _compute_sha256(chunks: Iterable[bytes], limit: int) -> str:
    stream = HashedStream(chunks, limit)
    for _ in stream:
        pass
    return stream.sha256
