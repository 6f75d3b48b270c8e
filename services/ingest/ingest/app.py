"""Push endpoint of ingest: decode, promote, store the verdict, announce."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from chassis.app import create_worker
from chassis.outcomes import Outcome
from checks.refusal import Reason, Refused
from ingest.commands.command_objects import CommandObjects
from ingest.incoming import verify_claim
from ingest.promotion import Promotion
from ingest.stored_file import PromotedFile
from ingest.upload import MessageRefused, Upload, is_upload, require_upload_name
from ingest.verdicts import Verdicts
from schemas import layout
from schemas.events import FileUploaded
from schemas.push import PushEnvelope, UnreadableMessage

FILE_UPLOADED = "ingest-file-uploaded"


class MissingAcceptedFile(Exception):
    """File with an accepting verdict that is absent from the packages bucket.

    The message is delivered again, and becomes a dead letter for an operator.

    :param address: URL of the file.
    """

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} does not exist, and its upload was accepted: restore the bucket "
            "(docs/operate.md), and replay the dead letters"
        )


@dataclass(frozen=True, slots=True)
class Ingest:
    """Handler of ``file-uploaded``; it returns when the verdict is durable and announced."""

    promotion: Promotion
    verdicts: Verdicts
    commands: CommandObjects

    async def handle_upload(self, push: PushEnvelope) -> Outcome:
        """Promote or refuse the file, or pass on its command."""
        return await run_in_threadpool(self._promote, push)

    def _promote(self, push: PushEnvelope) -> Outcome:
        message_id = push.message.message_id
        try:
            message = FileUploaded.decode(push.message.data)
        except UnreadableMessage as error:
            refused = Refused(Reason.UNREADABLE_MESSAGE, error.detail)
            return self._refuse_message(message_id, refused, None)
        if not is_upload(message, push.message.attributes):
            return Outcome("ignored", file=message.name)
        upload = Upload.from_message(message)
        try:
            require_upload_name(upload, self.promotion.incoming.name)
            upload = self._resolve_generation(upload)
            if upload.filename.endswith(layout.COMMAND_SUFFIX):
                return self.commands.handle(upload)
            result = self._decide(upload)
        except MessageRefused as error:
            return self._refuse_message(message_id, error.refused, upload)
        if isinstance(result, Refused):
            return replace(_build_refused_outcome(result, upload), uploader=upload.uploader)
        file = result.file
        return Outcome("done", file.project, file.filename, uploader=upload.uploader)

    def _decide(self, upload: Upload) -> PromotedFile | Refused:
        """Promote or refuse the file; return the result in the stored verdict, and announce it.

        It can differ from the result of this delivery: another delivery can be first (ADR 37).
        """
        found = self.verdicts.find(upload)
        try:
            promoted = self.promotion.promote(upload, found)
        except Refused as error:
            return self.verdicts.refuse(upload, error, found) or self._announce_accepted(upload)
        return self.verdicts.accept(upload, promoted, found) or promoted

    def _announce_accepted(self, upload: Upload) -> PromotedFile:
        """Announce the file of an upload that another delivery accepted.

        That delivery may have stopped before the announcement.

        :raises MissingAcceptedFile: if the packages bucket does not have the file.
        """
        packages = self.promotion.packages
        info = packages.stat(upload.filename)
        if info is None:
            raise MissingAcceptedFile(f"gs://{packages.name}/{upload.filename}")
        promoted = self.promotion.recover(info)
        verify_claim(upload, promoted.file.sha256)
        self.verdicts.announce_file(promoted)
        return promoted

    def _resolve_generation(self, upload: Upload) -> Upload:
        """Set the generation to that of the live object if the message has none."""
        if upload.generation is not None:
            return upload
        live = self.promotion.incoming.stat(upload.name)
        return replace(upload, generation=live.generation if live else None, found=live)

    def _refuse_message(self, message_id: str, refused: Refused, upload: Upload | None) -> Outcome:
        if refused.reason == Reason.NOT_FOUND and upload and self.verdicts.find(upload):
            return Outcome("ignored", file=upload.name)  # the object was deleted after its verdict
        self.verdicts.refuse_message(message_id, refused, upload)
        return _build_refused_outcome(refused, upload)


def _build_refused_outcome(refused: Refused, upload: Upload | None) -> Outcome:
    name = upload.name if upload else None
    return Outcome("refused", file=name, reason=refused.reason, detail=refused.detail)


def create_app(ingest: Ingest, gcp_project: str, ready: Callable[[], object]) -> Starlette:
    """Create the application."""
    return create_worker(gcp_project, {FILE_UPLOADED: ingest.handle_upload}, ready)
