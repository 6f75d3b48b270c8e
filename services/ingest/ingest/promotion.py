"""Promotion of an incoming object to a file in the packages bucket, exactly once.

The steps, in order:

1. Find ``packages/<filename>``. If it was promoted from this upload, continue with step 5: rules
   that became stricter since then do not apply to the file.
2. Validate the name, and the bytes of the announced generation.
3. Apply the rules of the project's record, if there is one.
4. Copy exactly that generation to ``packages/<filename>`` (``rewrite`` of Cloud Storage), if the
   name is free.
5. Write ``<filename>.metadata``.
6. The caller stores the verdict and announces the file.

Each step writes its result before the next step, and accepts a result that is already written.
So a crash between two steps, followed by redelivery, ends in the same state. The first promotion of
a name wins, because no service can delete or overwrite objects in the packages bucket.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeGuard

from checks.distribution import ParsedName, VerifiedFile, check_name, extract_metadata, verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import NotFound, PreconditionFailed, TooManyRequests
from cloud.once import write_once
from cloud.ports import Bucket, Headers, ObjectInfo
from ingest import facts
from ingest.closing import RequireOpen, accept_every_file
from ingest.incoming import IncomingObject, not_found, verify_claim
from ingest.stored_file import StoredFile, require_same_bytes
from ingest.uniqueness import RequireUnique, accept_equivalent_files
from ingest.upload import MessageRefused, Upload
from schemas import layout
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import Filename, InvalidFilename, parse_filename
from schemas.records import FileRecord

FindRefusal = Callable[[Upload], Refused | None]
"""Function that returns the stored refusal of an upload's generation, if any.

A stored refusal is final.
"""

_METADATA_HEADERS = Headers(BINARY, IMMUTABLE)


@dataclass(frozen=True, slots=True)
class PromotedFile:
    """File in the packages bucket, complete with its ``.metadata``."""

    info: ObjectInfo
    file: FileRecord


@dataclass(frozen=True, slots=True)
class Promotion:
    """Promotion from the incoming bucket to the packages bucket, with the rules for files."""

    incoming: Bucket
    packages: Bucket
    policy: Policy
    find_refusal: FindRefusal
    require_open: RequireOpen = accept_every_file
    require_unique: RequireUnique = accept_equivalent_files
    service_policy: Policy | None = None
    """Policy for files from the upload service; None: the same."""

    def promote(self, upload: Upload) -> PromotedFile:
        """Promote an upload, or find the file that was promoted from it.

        :raises Refused: if this generation of the object can never be accepted.
        :raises MessageRefused: if the object does not exist and no file was promoted from it, or if
            the digest in the message differs from the digest of the file.
        """
        info = self._find(upload.filename)
        stored = StoredFile(info) if _is_promoted_from(info, upload) else self._store(upload, info)
        verify_claim(upload, stored.sha256)
        return self._complete(stored)

    def recover(self, info: ObjectInfo) -> PromotedFile:
        """Return the result of :meth:`promote` for a file in the packages bucket.

        Write its ``.metadata`` if that is missing, for example after a crash.

        :raises Refused: if the object was not promoted.
        """
        facts.parse_promoted_name(info)
        facts.require_promoted(info)
        return self._complete(StoredFile(info))

    def _parse_name(self, upload: Upload) -> ParsedName:
        """Check the file name.

        If the name is invalid, also look for faults of the object that take precedence over that
        (:meth:`Reason.precedes`), and refuse the file for the fault that ranks first.

        :raises MessageRefused: if the object does not exist, so that there is nothing to refuse.
        """
        is_of_service = layout.is_of_upload_service(upload.name)
        policy = (self.service_policy if is_of_service else None) or self.policy
        try:
            return check_name(upload.filename, policy, upload.uploader)
        except Refused as refused:
            incoming = self._find_incoming(upload)
            if Reason.NOT_FOUND.precedes(refused.reason):
                incoming.require_readable()
                incoming.verify_claims()
            raise

    def _find(self, filename: str) -> ObjectInfo | None:
        """Return the object with this name.

        None if the name is free, or is not the name of a distribution file.
        """
        try:
            parse_filename(filename)
        except InvalidFilename:
            return None
        return self.packages.stat(filename)

    def _open(self, upload: Upload) -> IncomingObject:
        incoming = self._find_incoming(upload)
        incoming.require_readable()
        return incoming

    def _find_incoming(self, upload: Upload) -> IncomingObject:
        if refused := self.find_refusal(upload):
            raise refused
        return IncomingObject(self.incoming, upload, self.policy)

    def _store(self, upload: Upload, taken: ObjectInfo | None) -> StoredFile:
        """Return the file with the name and bytes of the upload; promote it if the name is free.

        :param taken: the object with this name from another upload, if there is one.
        """
        parsed = self._parse_name(upload)
        try:
            incoming = self._open(upload)
            if taken is not None:
                facts.require_promoted(taken)
                return require_same_bytes(taken, incoming)
            verified = self._validate(parsed, incoming)
            return self._rewrite(parsed, incoming, verified)
        except (Refused, MessageRefused):
            # Another delivery may have promoted this upload earlier, when it was still valid.
            info = self._find(parsed.filename)
            if _is_promoted_from(info, upload):
                return StoredFile(info)
            raise

    def _validate(self, parsed: ParsedName, incoming: IncomingObject) -> VerifiedFile:
        """Check a new file, and then the rules of its project's record.

        The record is looked at once, immediately before the promotion. A wrong digest claim takes
        precedence over a broken file, and a closed project too.
        """
        uploaded = incoming.read_upload_time()
        try:
            verified = verify(parsed, incoming.bytes, self.policy, incoming.info.size)
        except Refused as refused:
            if Reason.DIGEST_MISMATCH.precedes(refused.reason):
                incoming.verify_claims()
            self.require_open(parsed, uploaded)
            raise
        incoming.verify_claims()
        if self.require_open(parsed, uploaded):
            self.require_unique(parsed)
        return verified

    def _rewrite(
        self, parsed: ParsedName, incoming: IncomingObject, verified: VerifiedFile
    ) -> StoredFile:
        """Copy the checked generation; if another delivery was first, require the same bytes."""
        headers = facts.build_headers(incoming.info, incoming.upload.uploader, verified)
        try:
            info = self.packages.rewrite(self.incoming, incoming.info, parsed.filename, headers)
        except (PreconditionFailed, TooManyRequests):
            taken = self._find(parsed.filename)
            if taken is None:
                raise
            facts.require_promoted(taken)
            return replace(require_same_bytes(taken, incoming), verified=verified)
        except NotFound as error:
            raise not_found(incoming.upload) from error
        return StoredFile(info, verified)

    def _complete(self, stored: StoredFile) -> PromotedFile:
        metadata = self._ensure_metadata(stored)
        return PromotedFile(stored.info, facts.build_file_record(stored.info, metadata))

    def _ensure_metadata(self, stored: StoredFile) -> bytes:
        """Return the content of ``.metadata``. Write it, unless it was found in the bucket.

        The delivery that promoted the file may have stopped before it wrote ``.metadata``, and
        older releases wrote none for an sdist. Then read the file from the packages bucket, never
        from the upload, so that bytes of two uploads are never mixed.
        """
        info, verified = stored.info, stored.verified
        name = layout.locate_core_metadata(Filename(info.name))
        if verified is not None:
            metadata = verified.metadata
        elif found := self.packages.read(name):
            return found.data
        else:
            metadata = extract_metadata(info.name, self.packages.stream(info), info.size)
        write_once(self.packages, name, metadata, _METADATA_HEADERS)
        return metadata


def _is_promoted_from(info: ObjectInfo | None, upload: Upload) -> TypeGuard[ObjectInfo]:
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
