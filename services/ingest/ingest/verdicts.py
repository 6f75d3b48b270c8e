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
        """Store the verdict and announce the file; the verdict is the same for every delivery."""
        file = promoted.file
        verdict = Verdict(
            outcome="accepted",
            bucket=upload.bucket,
            name=upload.name,
            generation=upload.generation or file.source_generation,
            time=promoted.info.created,
            warnings=facts.read_warnings(promoted.info),
            sha256=file.sha256,
            address=layout.format_file_path(file.filename),
        )
        self._store(layout.locate_verdict(verdict.name, verdict.generation), verdict)
        self.accepted.publish(FileAccepted(file=file))

    def refuse(self, upload: Upload, refused: Refused) -> None:
        """Store the verdict under the name of the object, and announce it."""
        verdict = self._build_refusal(refused, upload)
        self._store(layout.locate_verdict(verdict.name, verdict.generation), verdict)
        self._announce(verdict)

    def refuse_message(self, message_id: str, refused: Refused, upload: Upload | None) -> None:
        """Store the verdict under the id of the message, and announce it."""
        verdict = self._build_refusal(refused, upload)
        self._store(layout.locate_message_verdict(message_id), verdict)
        self._announce(verdict)

    def find_refusal(self, upload: Upload) -> Refused | None:
        """Return the stored refusal of this generation, if any.

        A stored refusal is final, also if its reason is a code of a newer release.
        """
        if upload.generation is None:
            return None
        stored = self.bucket.read(layout.locate_verdict(upload.name, upload.generation))
        if stored is None:
            return None
        verdict = Verdict.model_validate_json(stored.data)
        if verdict.outcome == "accepted":
            return None
        return Refused(verdict.reason or "", verdict.detail or "")

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

    def _announce(self, verdict: Verdict) -> None:
        self.refused.publish(
            FileRefused(
                reason=verdict.reason or "",
                detail=verdict.detail or "",
                bucket=verdict.bucket or None,
                name=verdict.name or None,
                generation=verdict.generation or None,
            )
        )

    def _store(self, name: str, verdict: Verdict) -> None:
        write_once(self.bucket, name, verdict.encode(), _HEADERS)
