"""Promotion of an incoming object to a file in the packages bucket, exactly once.

The steps, in order:

1. The caller reads the verdict.
2. Validate the name, and the bytes of the announced generation.
3. Apply the rules of the project's record, if there is one.
4. Copy exactly that generation to ``packages/<filename>`` (``rewrite`` of Cloud Storage), if the
   name is free.
5. Write ``<filename>.metadata``.
6. The caller stores the verdict and announces the file.

Most uploads are new, so ``packages/<filename>`` is looked at only if the upload was accepted
before, or if step 2, 3 or 4 fails. If the file was promoted from this upload, continue with step 5:
rules that became stricter since then do not apply to it. If another upload has the name, the bytes
decide (ADR 39).

Each step writes its result before the next step, and accepts a result that is already written.
So a crash between two steps, followed by redelivery, ends in the same state. The first promotion of
a name wins, because no service can delete or overwrite objects in the packages bucket.
"""

from dataclasses import dataclass

from pydantic import ValidationError

from checks.distribution import ParsedName, VerifiedFile, check_name, extract_metadata, verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import NotFound, PreconditionFailed, TooManyRequests
from cloud.once import write_once
from cloud.ports import Bucket, Headers, ObjectInfo
from ingest import facts
from ingest.closing import RequireOpen, accept_every_file
from ingest.incoming import IncomingObject, not_found, verify_claim
from ingest.stored_file import PromotedFile, StoredFile, is_promoted_from, require_same_bytes
from ingest.uniqueness import RequireUnique, UnreadableRecord, accept_equivalent_files
from ingest.upload import MessageRefused, Upload
from ingest.verdicts import read_refusal
from schemas import layout
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import Filename, InvalidFilename, parse_filename
from schemas.types import NewerSchemaVersion
from schemas.verdict_documents import Verdict

_UNREADABLE = (UnreadableRecord, NewerSchemaVersion, ValidationError)
"""Errors of a record that cannot be read. It does not count for a file with a taken name."""
_METADATA_HEADERS = Headers(BINARY, IMMUTABLE)


@dataclass(frozen=True, slots=True)
class Promotion:
    """Promotion from the incoming bucket to the packages bucket, with the rules for files."""

    incoming: Bucket
    packages: Bucket
    policy: Policy
    require_open: RequireOpen = accept_every_file
    require_unique: RequireUnique = accept_equivalent_files
    service_policy: Policy | None = None
    """Policy for files from the upload service; None: the same."""

    def promote(self, upload: Upload, verdict: Verdict | None = None) -> PromotedFile:
        """Promote an upload, or find the file that was promoted from it.

        :param verdict: the stored verdict on this generation of the object; a refusal is final.
        :raises Refused: if this generation of the object can never be accepted.
        :raises MessageRefused: if the object does not exist and no file was promoted from it, or if
            the digest in the message differs from the digest of the file.
        """
        stored = self._store(upload, verdict)
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
            incoming = IncomingObject(self.incoming, upload, self.policy)
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

    def _find_promoted(self, upload: Upload) -> StoredFile | None:
        """Return the file if an earlier or another delivery promoted it from this upload."""
        info = self._find(upload.filename)
        return StoredFile(info) if is_promoted_from(info, upload) else None

    def _find_same(self, incoming: IncomingObject) -> StoredFile | None:
        """Return the file that has the name of an upload; None if the name is free.

        :raises Refused: if another upload has the name, with other bytes.
        """
        info = self._find(incoming.upload.filename)
        if info is None:
            return None
        if is_promoted_from(info, incoming.upload):
            return StoredFile(info)
        facts.require_promoted(info)
        return require_same_bytes(info, incoming)

    def _store(self, upload: Upload, verdict: Verdict | None) -> StoredFile:
        """Return the file with the name and bytes of the upload; promote it if the name is free."""
        refused = read_refusal(verdict) if verdict else None
        if verdict and not refused and (stored := self._find_promoted(upload)):
            return stored
        try:
            if refused:
                raise refused
            parsed, incoming = self._open(upload)
        except (Refused, MessageRefused):
            if stored := self._find_promoted(upload):
                return stored
            raise
        try:
            verified = self._validate(parsed, incoming)
        except (Refused, MessageRefused, *_UNREADABLE):
            if stored := self._find_same(incoming):
                return stored
            raise
        return self._rewrite(parsed, incoming, verified)

    def _open(self, upload: Upload) -> tuple[ParsedName, IncomingObject]:
        """Check the name of an upload, and the properties of its object."""
        parsed = self._parse_name(upload)
        incoming = IncomingObject(self.incoming, upload, self.policy)
        incoming.require_readable()
        return parsed, incoming

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
        """Copy the checked generation; if the name is taken, require the same bytes."""
        headers = facts.build_headers(incoming.info, incoming.upload.uploader, verified)
        try:
            info = self.packages.rewrite(self.incoming, incoming.info, parsed.filename, headers)
        except (PreconditionFailed, TooManyRequests, NotFound) as error:
            if stored := self._find_same(incoming):
                return stored
            if isinstance(error, NotFound):
                raise not_found(incoming.upload) from error
            raise
        return StoredFile(info, verified)

    def _complete(self, stored: StoredFile) -> PromotedFile:
        metadata = self._ensure_metadata(stored)
        core = stored.verified.core if stored.verified else None
        return PromotedFile(stored.info, facts.build_file_record(stored.info, metadata, core))

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
