"""Promotion: from an announced incoming object to a file in the packages bucket, exactly once.

The steps, in order: look at ``packages/<filename>`` – judge the announced generation – rewrite that
very generation if the name is free – write ``<filename>.metadata`` – then, by the caller, verdict
and announcement. Each step writes its result before the next begins and finds it already written
when it comes again, so a crash between any two, followed by redelivery of either trigger, ends in
the same state. The packages bucket itself is the guard: nobody deletes or overwrites there, and
the first promotion wins.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cloud.errors import NotFound, PreconditionFailed, TooManyRequests
from cloud.once import write_once
from cloud.ports import Bucket, Headers, ObjectInfo
from ingest import facts
from ingest.arrival import Arrival, gone, require_claim
from ingest.checks.distribution import ParsedName, Verified, check_name, parse_name, verify
from ingest.closing import ExpectOpen, never_closed
from ingest.policy import Policy
from ingest.refusal import Reason, Refused
from ingest.upload import Upload
from schemas import layout
from schemas.names import checked_filename
from schemas.records import FileRecord
from schemas.types import Sha256

Refusal = Callable[[Upload], Refused | None]
"""The refusal already stored for an upload's generation, if any: it is final."""

_METADATA_HEADERS = Headers(
    content_type="application/octet-stream", cache_control=facts.FILE_CACHE_CONTROL
)


@dataclass(frozen=True, slots=True)
class Promoted:
    """A file in the packages bucket, complete with its ``.metadata``."""

    info: ObjectInfo
    file: FileRecord


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
        parsed = self._parsed(upload)
        promoted, verified = self._look(parsed), None
        if promoted is None or not _stems_from(promoted, upload):
            try:
                promoted, verified = self._judge(upload, parsed, promoted)
            except Refused:
                # A twin may have promoted it meanwhile, before what refuses it now came about.
                promoted = self._look(parsed)
                if promoted is None or not _stems_from(promoted, upload):
                    raise
        require_claim(upload, facts.sha256_of(promoted))
        metadata = self._core_metadata(parsed, promoted, verified)
        return Promoted(promoted, facts.file_record(parsed, promoted, metadata))

    def promoted(self, info: ObjectInfo) -> Promoted:
        """Tell of a file in the packages bucket what :meth:`promote` told when it brought it.

        A ``.metadata`` that is missing is written, as after a crash.

        :raises Refused: if ``info`` is not an object that was promoted.
        """
        parsed = parse_name(info.name, self.policy)
        facts.require_promoted(info)
        metadata = self._core_metadata(parsed, info, None)
        return Promoted(info, facts.file_record(parsed, info, metadata))

    def _parsed(self, upload: Upload) -> ParsedName:
        """Judge the name; what is wrong with the object itself comes before."""
        try:
            return check_name(upload.filename, self.policy, upload.publisher)
        except Refused as refused:
            if Reason.NOT_FOUND.precedes(refused.reason):
                self._arrival(upload).require_claims()
            raise

    def _look(self, parsed: ParsedName) -> ObjectInfo | None:
        """Return what has the name, if something has.

        :raises Refused: if that was not promoted by us: somebody put it there by hand.
        """
        promoted = self.packages.stat(parsed.filename)
        if promoted is not None:
            facts.require_promoted(promoted)
        return promoted

    def _judge(
        self, upload: Upload, parsed: ParsedName, promoted: ObjectInfo | None
    ) -> tuple[ObjectInfo, Verified | None]:
        """Return what has the name with the upload's bytes: another's file, or now its own."""
        arrival = self._arrival(upload)
        if promoted is not None:
            _require_same_bytes(arrival, promoted)
            return promoted, None
        verified = self._verify(arrival, parsed)
        return self._rewrite(upload, parsed, arrival.info, verified), verified

    def _arrival(self, upload: Upload) -> Arrival:
        if refused := self.refusal(upload):
            raise refused
        return Arrival(self.incoming, upload, self.policy)

    def _verify(self, arrival: Arrival, parsed: ParsedName) -> Verified:
        """Judge a new file; where it is neither whole nor what was claimed, the claim counts."""
        try:
            self.expect_open(parsed, arrival.info.created)
            verified = verify(parsed, arrival.bytes, self.policy, arrival.info.size)
        except Refused as refused:
            if Reason.DIGEST_MISMATCH.precedes(refused.reason):
                arrival.require_claims()
            raise
        arrival.require_claims()
        return verified

    def _rewrite(
        self, upload: Upload, parsed: ParsedName, incoming: ObjectInfo, verified: Verified
    ) -> ObjectInfo:
        headers = facts.package_headers(
            incoming, upload.publisher, verified.sha256, verified.warnings
        )
        try:
            return self.packages.rewrite(self.incoming, incoming, parsed.filename, headers)
        except (PreconditionFailed, TooManyRequests):
            if winner := self._winner(parsed, verified.sha256):
                return winner
            raise
        except NotFound as error:
            raise gone(upload) from error

    def _winner(self, parsed: ParsedName, sha256: Sha256) -> ObjectInfo | None:
        """Return what took the name first: another with the same bytes, or we before a retry."""
        promoted = self._look(parsed)
        if promoted is not None and facts.sha256_of(promoted) != sha256:
            raise _taken(promoted)
        return promoted

    def _core_metadata(
        self, parsed: ParsedName, promoted: ObjectInfo, verified: Verified | None
    ) -> bytes | None:
        """Return the bytes of ``.metadata``, and write them if they may be missing.

        :param verified: what was found in the very bytes that were promoted; None if that was
            done by another delivery, which may have stopped right after it. Then the promoted
            object is asked, so that two uploads never mix.
        """
        if parsed.kind == "sdist":
            return None
        name = layout.core_metadata(checked_filename(parsed.filename))
        if verified is None:
            if stored := self.packages.read(name):
                return stored.data
            verified = verify(parsed, self.packages.stream(promoted), self.policy, promoted.size)
        metadata = verified.metadata or b""
        write_once(self.packages, name, metadata, _METADATA_HEADERS)
        return metadata


def _stems_from(promoted: ObjectInfo, upload: Upload) -> bool:
    """Whether the upload is what was promoted; one that is gone by now is told by its publisher."""
    if upload.generation is None:
        return promoted.metadata[layout.UPLOADER] == upload.publisher
    return facts.source_generation(promoted) == upload.generation


def _require_same_bytes(arrival: Arrival, promoted: ObjectInfo) -> None:
    arrival.require_claims()
    if arrival.info.size != promoted.size or arrival.sha256() != facts.sha256_of(promoted):
        raise _taken(promoted)


def _taken(promoted: ObjectInfo) -> Refused:
    return Refused(
        Reason.EXISTS,
        f"{promoted.name} is taken by other bytes (sha256 {facts.sha256_of(promoted)}): a file "
        "name stands for its bytes for ever, so publish a new version or build number",
    )
