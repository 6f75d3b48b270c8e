"""Promotion: from an announced incoming object to a file in the packages bucket, exactly once.

The steps, in order: look at ``packages/<filename>`` – judge the announced generation – rewrite that
very generation if the name is free – write ``<filename>.metadata`` – then, by the caller, verdict
and announcement. Each step writes its result before the next begins and finds it already written
when it comes again, so a crash between any two, followed by redelivery of either trigger, ends in
the same state. The packages bucket itself is the guard: nobody deletes or overwrites there, and
the first promotion wins.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from cloud.errors import NotFound, PreconditionFailed
from cloud.ports import Bucket, Headers, ObjectInfo
from ingest import facts
from ingest.checks.distribution import ParsedName, Verified, check_name, parse_name, verify
from ingest.policy import Policy
from ingest.refusal import Reason, Refused
from ingest.upload import MessageRefused, Upload
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

    def promote(self, upload: Upload) -> Promoted:
        """Bring an upload to where it is served.

        :raises Refused: if that generation of the object cannot be accepted, ever.
        :raises MessageRefused: if the message claims another digest than the file has.
        """
        parsed = check_name(upload.filename, self.policy, upload.publisher)
        promoted, verified = self.packages.stat(parsed.filename), None
        if promoted is None or not _stems_from(promoted, upload):
            if refused := self.refusal(upload):
                raise refused
            incoming = self._incoming(upload)
            _require_readable(incoming, self.policy)
            if promoted is not None:
                self._require_same_bytes(incoming, promoted)
            else:
                verified = self._verify(upload, parsed, incoming)
                promoted = self._rewrite(upload, parsed, incoming, verified)
        _require_claim(upload, facts.sha256_of(promoted))
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

    def _rewrite(
        self, upload: Upload, parsed: ParsedName, incoming: ObjectInfo, verified: Verified
    ) -> ObjectInfo:
        headers = facts.package_headers(
            incoming, upload.publisher, verified.sha256, verified.warnings
        )
        try:
            return self.packages.rewrite(self.incoming, incoming, parsed.filename, headers)
        except PreconditionFailed:
            return self._winner(parsed, verified.sha256)
        except NotFound as error:
            raise _gone(upload) from error

    def _incoming(self, upload: Upload) -> ObjectInfo:
        info = None
        if upload.generation is not None:
            info = self.incoming.stat(upload.name, upload.generation)
        if info is None:
            raise _gone(upload)
        return info

    def _verify(self, upload: Upload, parsed: ParsedName, incoming: ObjectInfo) -> Verified:
        try:
            verified = verify(parsed, self.incoming.stream(incoming), self.policy, incoming.size)
        except NotFound as error:
            raise _gone(upload) from error
        claimed = incoming.metadata.get(layout.SHA256)
        if claimed is not None and claimed.lower() != verified.sha256:
            raise _digest_mismatch("the object claims", claimed, verified.sha256)
        _require_claim(upload, verified.sha256)
        return verified

    def _require_same_bytes(self, incoming: ObjectInfo, promoted: ObjectInfo) -> None:
        if incoming.size == promoted.size:
            digest = hashlib.sha256()
            for chunk in self.incoming.stream(incoming):
                digest.update(chunk)
            if digest.hexdigest() == facts.sha256_of(promoted):
                return
        raise _taken(promoted)

    def _winner(self, parsed: ParsedName, sha256: Sha256) -> ObjectInfo:
        """Return what took the name first: another with the same bytes, or we before a retry."""
        promoted = self.packages.stat(parsed.filename)
        if promoted is None:
            raise RuntimeError(f"{parsed.filename} was deleted from the packages bucket meanwhile")
        if facts.sha256_of(promoted) != sha256:
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
            with suppress(NotFound):
                if stored := self.packages.read(name):
                    return stored.data
            verified = verify(parsed, self.packages.stream(promoted), self.policy, promoted.size)
        metadata = verified.metadata or b""
        with suppress(PreconditionFailed):  # a twin was faster, with the same bytes
            self.packages.write(name, metadata, _METADATA_HEADERS, if_generation=0)
        return metadata


def _stems_from(promoted: ObjectInfo, upload: Upload) -> bool:
    """Whether the upload is what was promoted; one that is gone by now is told by its publisher."""
    if upload.generation is None:
        return promoted.metadata[layout.UPLOADER] == upload.publisher
    return facts.source_generation(promoted) == upload.generation


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


def _require_claim(upload: Upload, sha256: Sha256) -> None:
    if upload.sha256 is not None and upload.sha256 != sha256:
        raise MessageRefused(_digest_mismatch("the message claims", upload.sha256, sha256))


def _digest_mismatch(who: str, claimed: str, found: Sha256) -> Refused:
    return Refused(
        Reason.DIGEST_MISMATCH,
        f"{who} sha256 {claimed}, the file has {found}: upload it again under a new run id",
    )


def _taken(promoted: ObjectInfo) -> Refused:
    return Refused(
        Reason.EXISTS,
        f"{promoted.name} is taken by other bytes (sha256 {facts.sha256_of(promoted)}): a file "
        "name stands for its bytes for ever, so publish a new version or build number",
    )


def _gone(upload: Upload) -> Refused:
    generation = f" at generation {upload.generation}" if upload.generation is not None else ""
    return Refused(
        Reason.NOT_FOUND,
        f"gs://{upload.bucket}/{upload.name} is not there{generation}, and nothing was promoted "
        "from it: upload it before announcing it",
    )
