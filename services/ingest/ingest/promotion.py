"""Promotion: an announced incoming object becomes a file in the packages bucket, exactly once.

The steps, in order:

1. Find ``packages/<filename>``.
2. Validate the announced generation.
3. Rewrite exactly that generation, if the name is free.
4. Write ``<filename>.metadata``.
5. The caller stores the verdict and announces the file.

Each step writes its result before the next one begins, and accepts its result when it finds it
already written. So a crash between two steps, followed by redelivery, ends in the same state. The
first promotion of a name wins: no service can delete or overwrite in the packages bucket.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeGuard

from checks.distribution import ParsedName, Verified, check_name, parse_name, verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import NotFound, PreconditionFailed, TooManyRequests
from cloud.once import write_once
from cloud.ports import Bucket, Headers, ObjectInfo
from ingest import facts
from ingest.closing import ExpectOpen, never_closed
from ingest.incoming import IncomingObject, not_found, require_claim
from ingest.upload import Upload
from schemas import layout
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import checked_filename
from schemas.records import FileRecord
from schemas.types import Sha256

Refusal = Callable[[Upload], Refused | None]
"""The refusal already stored for an upload's generation, if any: it is final."""

_METADATA_HEADERS = Headers(BINARY, IMMUTABLE)


@dataclass(frozen=True, slots=True)
class Promoted:
    """A file in the packages bucket, complete with its ``.metadata``."""

    info: ObjectInfo
    file: FileRecord


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the packages bucket whose ``.metadata`` may be missing."""

    parsed: ParsedName
    info: ObjectInfo
    verified: Verified | None = None
    """The result of the checks of these bytes; None if another delivery promoted them."""

    @property
    def sha256(self) -> Sha256:
        """The digest of its bytes."""
        return facts.sha256_of(self.info)


@dataclass(frozen=True, slots=True)
class Promotion:
    """The two buckets a file moves between, and the rules it must pass."""

    incoming: Bucket
    packages: Bucket
    policy: Policy
    refusal: Refusal
    expect_open: ExpectOpen = never_closed

    def promote(self, upload: Upload) -> Promoted:
        """Bring an upload to where it is served.

        :raises Refused: if that generation of the object cannot be accepted, ever.
        :raises MessageRefused: if the message claims another digest than the file has.
        """
        parsed = self._parse_name(upload)
        stored = self._find(parsed)
        if not _promoted_from(stored, upload):
            stored = self._store(upload, parsed, stored)
        require_claim(upload, stored.sha256)
        return self._complete(stored)

    def promoted(self, info: ObjectInfo) -> Promoted:
        """Return the same as :meth:`promote` did, for a file in the packages bucket.

        A ``.metadata`` that is missing is written, as after a crash.

        :raises Refused: if ``info`` is not an object that was promoted.
        """
        parsed = parse_name(info.name, self.policy)
        facts.require_promoted(info)
        return self._complete(StoredFile(parsed, info))

    def _parse_name(self, upload: Upload) -> ParsedName:
        """Check the file name; errors of the object itself take precedence."""
        try:
            return check_name(upload.filename, self.policy, upload.publisher)
        except Refused as refused:
            if Reason.NOT_FOUND.precedes(refused.reason):
                self._open(upload).require_claims()
            raise

    def _find(self, parsed: ParsedName) -> StoredFile | None:
        """Return the file that has this name; None if the name is free.

        :raises Refused: if the object with this name was created by hand, not promoted.
        """
        info = self.packages.stat(parsed.filename)
        if info is None:
            return None
        facts.require_promoted(info)
        return StoredFile(parsed, info)

    def _open(self, upload: Upload) -> IncomingObject:
        if refused := self.refusal(upload):
            raise refused
        return IncomingObject(self.incoming, upload, self.policy)

    def _store(self, upload: Upload, parsed: ParsedName, stored: StoredFile | None) -> StoredFile:
        """Return the file with the upload's name and bytes; promote it if the name is free.

        :param stored: the file that has the name, from another upload.
        """
        try:
            incoming = self._open(upload)
            if stored is not None:
                return _accept_twin(stored, incoming)
            verified = self._validate(parsed, incoming)
            return self._rewrite(parsed, incoming, verified)
        except Refused:
            # Another delivery may have promoted this upload before the reason to refuse it arose.
            stored = self._find(parsed)
            if _promoted_from(stored, upload):
                return stored
            raise

    def _validate(self, parsed: ParsedName, incoming: IncomingObject) -> Verified:
        """Check a new file. A wrong digest claim takes precedence over a broken file."""
        try:
            self.expect_open(parsed, incoming.info.created)
            verified = verify(parsed, incoming.bytes, self.policy, incoming.info.size)
        except Refused as refused:
            if Reason.DIGEST_MISMATCH.precedes(refused.reason):
                incoming.require_claims()
            raise
        incoming.require_claims()
        return verified

    def _rewrite(
        self, parsed: ParsedName, incoming: IncomingObject, verified: Verified
    ) -> StoredFile:
        """Copy the generation that was checked; after a lost race, return its twin."""
        headers = facts.package_headers(
            incoming.info, incoming.upload.publisher, verified.sha256, verified.warnings
        )
        try:
            info = self.packages.rewrite(self.incoming, incoming.info, parsed.filename, headers)
        except (PreconditionFailed, TooManyRequests):
            stored = self._find(parsed)
            if stored is None:
                raise
            return replace(_accept_twin(stored, incoming), verified=verified)
        except NotFound as error:
            raise not_found(incoming.upload) from error
        return StoredFile(parsed, info, verified)

    def _complete(self, stored: StoredFile) -> Promoted:
        metadata = self._core_metadata(stored)
        return Promoted(stored.info, facts.file_record(stored.parsed, stored.info, metadata))

    def _core_metadata(self, stored: StoredFile) -> bytes | None:
        """Return the bytes of ``.metadata``, and write them if they may be missing.

        A file that another delivery promoted is read from the packages bucket, never from the
        upload, so that the bytes of two uploads are not mixed: that delivery may have stopped
        before it wrote ``.metadata``.
        """
        parsed, verified = stored.parsed, stored.verified
        if parsed.kind == "sdist":
            return None
        name = layout.core_metadata(checked_filename(parsed.filename))
        if verified is None:
            if sibling := self.packages.read(name):
                return sibling.data
            chunks = self.packages.stream(stored.info)
            verified = verify(parsed, chunks, self.policy, stored.info.size)
        metadata = verified.metadata or b""
        write_once(self.packages, name, metadata, _METADATA_HEADERS)
        return metadata


def _promoted_from(stored: StoredFile | None, upload: Upload) -> TypeGuard[StoredFile]:
    """Whether the file was promoted from this upload.

    An upload without a generation is not there any more; it is recognised by its publisher.
    """
    if stored is None:
        return False
    if upload.generation is None:
        return stored.info.metadata[layout.UPLOADER] == upload.publisher
    return facts.source_generation(stored.info) == upload.generation


def _accept_twin(stored: StoredFile, incoming: IncomingObject) -> StoredFile:
    """Return the file that has the name already, if the incoming object has the same bytes.

    :raises Refused: if it has other bytes.
    """
    incoming.require_claims()
    if incoming.info.size != stored.info.size or incoming.sha256() != stored.sha256:
        raise _name_taken(stored)
    return stored


def _name_taken(stored: StoredFile) -> Refused:
    return Refused(
        Reason.EXISTS,
        f"{stored.info.name} is taken by other bytes (sha256 {stored.sha256}): a file "
        "name stands for its bytes for ever, so publish a new version or build number",
    )
