"""Verdicts on uploads: store each verdict once, never change it, then announce it.

Two deliveries of one upload can disagree, if a project is closed between them for example. The
verdict that is stored first decides (ADR 37): the other delivery reads it, and announces it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from checks.refusal import Refused
from cloud.once import write_or_read
from cloud.ports import Bucket, Headers, Topic
from ingest import facts
from ingest.stored_file import PromotedFile
from ingest.upload import Upload
from schemas import layout
from schemas.events import FileAccepted, FileRefused
from schemas.headers import JSON, NO_STORE
from schemas.verdict_documents import Verdict

_HEADERS = Headers(JSON, NO_STORE)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts bucket, and the topics of accepted and refused files."""

    bucket: Bucket
    accepted: Topic
    refused: Topic
    now: Callable[[], datetime]

    def accept(
        self, upload: Upload, promoted: PromotedFile, found: Verdict | None = None
    ) -> Refused | None:
        """Store the verdict, and announce the file; the verdict is the same for every delivery.

        If another delivery refused the upload before, announce its refusal in place of the file,
        and return it.

        :param found: the stored verdict, if it was found before.
        """
        verdict = found or self._store_acceptance(upload, promoted)
        if verdict is not None and verdict.outcome == "refused":
            return self._announce(verdict)
        self.announce_file(promoted)
        return None

    def announce_file(self, promoted: PromotedFile) -> None:
        """Announce an accepted file."""
        self.accepted.publish(FileAccepted(file=promoted.file))

    def _store_acceptance(self, upload: Upload, promoted: PromotedFile) -> Verdict | None:
        """Store the verdict on the object unless it has one; return the stored verdict, if any.

        Without a generation there is no object under this name, so no verdict on it is stored: the
        message names the object of a file that was promoted, and that object was deleted.
        """
        file = promoted.file
        if upload.generation is None:
            return self.find(replace(upload, generation=file.source_generation))
        verdict = Verdict(
            outcome="accepted",
            bucket=upload.bucket,
            name=upload.name,
            generation=upload.generation,
            time=promoted.info.created,
            warnings=facts.read_warnings(promoted.info),
            sha256=file.sha256,
            address=layout.format_file_path(file.filename),
        )
        return self._store(layout.locate_verdict(verdict.name, verdict.generation), verdict)

    def refuse(
        self, upload: Upload, refused: Refused, found: Verdict | None = None
    ) -> Refused | None:
        """Store the verdict under the name of the object, and announce it.

        Return the refusal. It is the stored one if another delivery refused the upload before.
        Return None, without an announcement, if another delivery accepted the upload before: then
        the caller must announce the file.

        :param found: the stored verdict, if it was found before.
        """
        stored = found or self._store_refusal(upload, refused)
        return None if stored.outcome == "accepted" else self._announce(stored)

    def _store_refusal(self, upload: Upload, refused: Refused) -> Verdict:
        verdict = self._build_refusal(refused, upload)
        return self._store(layout.locate_verdict(verdict.name, verdict.generation), verdict)

    def refuse_message(self, message_id: str, refused: Refused, upload: Upload | None) -> None:
        """Store the verdict under the id of the message, and announce it."""
        verdict = self._build_refusal(refused, upload)
        stored = self._store(layout.locate_message_verdict(message_id), verdict)
        self._announce(stored, message_id)

    def find(self, upload: Upload) -> Verdict | None:
        """Return the stored verdict on this generation, which is final, if there is one."""
        if upload.generation is None:
            return None
        stored = self.bucket.read(layout.locate_verdict(upload.name, upload.generation))
        return Verdict.model_validate_json(stored.data) if stored else None

    def _build_refusal(self, refused: Refused, upload: Upload | None) -> Verdict:
        return Verdict(
            outcome="refused",
            bucket=upload.bucket if upload else "",
            name=upload.name if upload else "",
            generation=(upload.generation if upload else None) or 0,
            time=self.now(),
            reason=refused.reason,
            detail=refused.detail,
        )

    def _announce(self, verdict: Verdict, message_id: str | None = None) -> Refused:
        """Announce a refusal, and return it."""
        refused = _build_refused(verdict)
        self.refused.publish(
            FileRefused(
                reason=refused.reason,
                detail=refused.detail,
                bucket=verdict.bucket or None,
                name=verdict.name or None,
                generation=verdict.generation or None,
                message_id=message_id,
            )
        )
        return refused

    def _store(self, name: str, verdict: Verdict) -> Verdict:
        """Store a verdict unless there is one; return the stored verdict, which is final."""
        stored = write_or_read(self.bucket, name, verdict.encode(), _HEADERS)
        return Verdict.model_validate_json(stored)


def read_refusal(verdict: Verdict) -> Refused | None:
    """Return the refusal of a verdict, also with a code of a newer release; None if accepted."""
    return None if verdict.outcome == "accepted" else _build_refused(verdict)


def _build_refused(verdict: Verdict) -> Refused:
    return Refused(verdict.reason or "", verdict.detail or "")
