"""Verdicts on uploads: store each verdict once, never change it, then announce it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from checks.refusal import Refused
from cloud.once import write_once
from cloud.ports import Bucket, Headers, Topic
from ingest import facts
from ingest.promotion import PromotedFile
from ingest.upload import Upload
from schemas import layout
from schemas.events import FileAccepted, FileRefused
from schemas.headers import JSON, NO_STORE
from schemas.records import Verdict

_HEADERS = Headers(JSON, NO_STORE)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts bucket, and the topics of accepted and refused files."""

    bucket: Bucket
    accepted: Topic
    refused: Topic
    now: Callable[[], datetime]

    def accept(self, upload: Upload, promoted: PromotedFile) -> None:
        """Store the verdict and announce the file; the verdict is the same for every delivery.

        Without a generation there is no object under this name, so there is no verdict on it: the
        message names the object of a file that was promoted, and that object was deleted.
        """
        file = promoted.file
        if upload.generation is not None:
            self._store_acceptance(upload, upload.generation, promoted)
        self.accepted.publish(FileAccepted(file=file))

    def _store_acceptance(self, upload: Upload, generation: int, promoted: PromotedFile) -> None:
        file = promoted.file
        verdict = Verdict(
            outcome="accepted",
            bucket=upload.bucket,
            name=upload.name,
            generation=generation,
            time=promoted.info.created,
            warnings=facts.read_warnings(promoted.info),
            sha256=file.sha256,
            address=layout.format_file_path(file.filename),
        )
        self._store(layout.locate_verdict(verdict.name, verdict.generation), verdict)

    def refuse(self, upload: Upload, refused: Refused) -> None:
        """Store the verdict under the name of the object, and announce it."""
        verdict = self._build_refusal(refused, upload)
        self._store(layout.locate_verdict(verdict.name, verdict.generation), verdict)
        self._announce(verdict)

    def refuse_message(self, message_id: str, refused: Refused, upload: Upload | None) -> None:
        """Store the verdict under the id of the message, and announce it."""
        verdict = self._build_refusal(refused, upload)
        self._store(layout.locate_message_verdict(message_id), verdict)
        self._announce(verdict, message_id)

    def find_refusal(self, upload: Upload) -> Refused | None:
        """Return the stored refusal of this generation, if any.

        A stored refusal is final, also if its reason is a code of a newer release.
        """
        verdict = self._find(upload)
        if verdict is None or verdict.outcome == "accepted":
            return None
        return Refused(verdict.reason or "", verdict.detail or "")

    def is_decided(self, upload: Upload) -> bool:
        """Return whether this generation has a verdict."""
        return self._find(upload) is not None

    def _find(self, upload: Upload) -> Verdict | None:
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

    def _announce(self, verdict: Verdict, message_id: str | None = None) -> None:
        self.refused.publish(
            FileRefused(
                reason=verdict.reason or "",
                detail=verdict.detail or "",
                bucket=verdict.bucket or None,
                name=verdict.name or None,
                generation=verdict.generation or None,
                message_id=message_id,
            )
        )

    def _store(self, name: str, verdict: Verdict) -> None:
        write_once(self.bucket, name, verdict.encode(), _HEADERS)
