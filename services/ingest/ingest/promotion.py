"""Promotion of an incoming object to a file in the packages bucket, exactly once.

The steps, in order:

1. Find ``packages/<filename>``.
2. Validate the announced generation.
3. Rewrite exactly that generation, if the name is free.
4. Write ``<filename>.metadata``.
5. The caller stores the verdict and announces the file.

Each step writes its result before the next step, and accepts a result that is already written.
So a crash between two steps, followed by redelivery, ends in the same state. The first promotion of
a name wins, because no service can delete or overwrite objects in the packages bucket.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeGuard

from checks.distribution import ParsedName, VerifiedFile, check_name, parse_name, verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import NotFound, PreconditionFailed, TooManyRequests
from cloud.once import write_once
from cloud.ports import Bucket, Headers, ObjectInfo
from ingest import facts
from ingest.closing import RequireOpen, accept_every_file
from ingest.incoming import IncomingObject, not_found, verify_claim
from ingest.upload import Upload
from schemas import layout
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import validate_filename
from schemas.records import FileRecord
from schemas.types import Sha256

FindRefusal = Callable[[Upload], Refused | None]
"""Function that returns the stored refusal of an upload's generation, if any; this is final."""

_METADATA_HEADERS = Headers(BINARY, IMMUTABLE)


@dataclass(frozen=True, slots=True)
class PromotedFile:
    """File in the packages bucket, complete with its ``.metadata``."""

    info: ObjectInfo
    file: FileRecord


@dataclass(frozen=True, slots=True)
class StoredFile:
    """File in the packages bucket; its ``.metadata`` can be missing."""

    parsed: ParsedName
    info: ObjectInfo
    verified: VerifiedFile | None = None
    """Result of the checks; None if another delivery promoted the file."""

    @property
    def sha256(self) -> Sha256:
        """Digest of the file."""
        return facts.read_sha256(self.info)


@dataclass(frozen=True, slots=True)
class Promotion:
    """Promotion from the incoming bucket to the packages bucket, with the rules for files."""

    incoming: Bucket
    packages: Bucket
    policy: Policy
    find_refusal: FindRefusal
    require_open: RequireOpen = accept_every_file

    def promote(self, upload: Upload) -> PromotedFile:
        """Promote an upload, or find the file that was promoted from it.

        :raises Refused: if this generation of the object can never be accepted.
        :raises MessageRefused: if the digest in the message differs from the digest of the file.
        """
        parsed = self._parse_name(upload)
        stored = self._find(parsed)
        if not _is_promoted_from(stored, upload):
            stored = self._store(upload, parsed, stored)
        verify_claim(upload, stored.sha256)
        return self._complete(stored)

    def recover(self, info: ObjectInfo) -> PromotedFile:
        """Return the result of :meth:`promote` for a file in the packages bucket.

        Write its ``.metadata`` if that is missing, for example after a crash.

        :raises Refused: if the object was not promoted.
        """
        parsed = parse_name(info.name, self.policy)
        facts.require_promoted(info)
        return self._complete(StoredFile(parsed, info))

    def _parse_name(self, upload: Upload) -> ParsedName:
        """Check the file name; if it is invalid, first check the object for preceding faults."""
        try:
            return check_name(upload.filename, self.policy, upload.uploader)
        except Refused as refused:
            if Reason.NOT_FOUND.precedes(refused.reason):
                self._open(upload).verify_claims()
            raise

    def _find(self, parsed: ParsedName) -> StoredFile | None:
        """Return the file with this name; None if the name is free.

        :raises Refused: if the object with this name was not promoted but created by hand.
        """
        info = self.packages.stat(parsed.filename)
        if info is None:
            return None
        facts.require_promoted(info)
        return StoredFile(parsed, info)

    def _open(self, upload: Upload) -> IncomingObject:
        if refused := self.find_refusal(upload):
            raise refused
        return IncomingObject(self.incoming, upload, self.policy)

    def _store(self, upload: Upload, parsed: ParsedName, stored: StoredFile | None) -> StoredFile:
        """Return the file with the name and bytes of the upload; promote it if the name is free.

        :param stored: the file with this name from another upload, if there is one.
        """
        try:
            incoming = self._open(upload)
            if stored is not None:
                return _require_same_bytes(stored, incoming)
            verified = self._validate(parsed, incoming)
            return self._rewrite(parsed, incoming, verified)
        except Refused:
            # Another delivery may have promoted this upload earlier, when it was still valid.
            stored = self._find(parsed)
            if _is_promoted_from(stored, upload):
                return stored
            raise

    def _validate(self, parsed: ParsedName, incoming: IncomingObject) -> VerifiedFile:
        """Check a new file. A wrong digest claim takes precedence over a broken file."""
        try:
            self.require_open(parsed, incoming.info.created)
            verified = verify(parsed, incoming.bytes, self.policy, incoming.info.size)
        except Refused as refused:
            if Reason.DIGEST_MISMATCH.precedes(refused.reason):
                incoming.verify_claims()
            raise
        incoming.verify_claims()
        return verified

    def _rewrite(
        self, parsed: ParsedName, incoming: IncomingObject, verified: VerifiedFile
    ) -> StoredFile:
        """Copy the checked generation; if another delivery was first, require the same bytes."""
        headers = facts.build_headers(
            incoming.info, incoming.upload.uploader, verified.sha256, verified.warnings
        )
        try:
            info = self.packages.rewrite(self.incoming, incoming.info, parsed.filename, headers)
        except (PreconditionFailed, TooManyRequests):
            stored = self._find(parsed)
            if stored is None:
                raise
            return replace(_require_same_bytes(stored, incoming), verified=verified)
        except NotFound as error:
            raise not_found(incoming.upload) from error
        return StoredFile(parsed, info, verified)

    def _complete(self, stored: StoredFile) -> PromotedFile:
        metadata = self._ensure_metadata(stored)
        return PromotedFile(
            stored.info, facts.build_file_record(stored.parsed, stored.info, metadata)
        )

    def _ensure_metadata(self, stored: StoredFile) -> bytes | None:
        """Return the content of ``.metadata``, and write it if it may be missing.

        The delivery that promoted the file may have stopped before it wrote ``.metadata``. Then
        read the file from the packages bucket, never from the upload, so that bytes of two uploads
        are never mixed.
        """
        parsed, verified = stored.parsed, stored.verified
        if parsed.kind == "sdist":
            return None
        name = layout.locate_core_metadata(validate_filename(parsed.filename))
        if verified is None:
            if found := self.packages.read(name):
                return found.data
            chunks = self.packages.stream(stored.info)
            verified = verify(parsed, chunks, self.policy, stored.info.size)
        metadata = verified.metadata or b""
        write_once(self.packages, name, metadata, _METADATA_HEADERS)
        return metadata


def _is_promoted_from(stored: StoredFile | None, upload: Upload) -> TypeGuard[StoredFile]:
    """Return True if the file was promoted from this upload.

    If an upload has no generation, its object no longer exists. Then compare the uploader.
    """
    if stored is None:
        return False
    if upload.generation is None:
        return stored.info.metadata[layout.UPLOADER] == upload.uploader
    return facts.read_source_generation(stored.info) == upload.generation


def _require_same_bytes(stored: StoredFile, incoming: IncomingObject) -> StoredFile:
    """Return the stored file if the incoming object has the same bytes.

    :raises Refused: if the bytes differ.
    """
    incoming.verify_claims()
    if incoming.info.size != stored.info.size or incoming.compute_sha256() != stored.sha256:
        raise _name_taken(stored)
    return stored


def _name_taken(stored: StoredFile) -> Refused:
    return Refused(
        Reason.EXISTS,
        f"{stored.info.name} already exists with other bytes (sha256 {stored.sha256}), and an "
        "existing file never changes: publish a new version or build number",
    )
