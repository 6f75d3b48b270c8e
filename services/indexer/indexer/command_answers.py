"""Answers to commands: a stored verdict, and a message if it is a refusal."""

from dataclasses import dataclass

from cloud.once import write_once
from cloud.ports import Bucket, Headers, Topic
from schemas import layout
from schemas.events import FileRefused
from schemas.headers import JSON, NO_STORE
from schemas.verdict_documents import CommandVerdict

_HEADERS = Headers(JSON, NO_STORE)


@dataclass(frozen=True, slots=True)
class Answers:
    """Verdicts bucket, and the topic of refused commands."""

    bucket: Bucket
    topic: Topic

    def find_refusal(self, command_id: str) -> CommandVerdict | None:
        """Return the stored refusal of a command, or None. A refusal is final."""
        stored = self.bucket.read(layout.locate_command_verdict(command_id))
        if stored is None:
            return None
        verdict = CommandVerdict.model_validate_json(stored.data)
        return verdict if verdict.outcome == "refused" else None

    def store(self, verdict: CommandVerdict) -> None:
        """Store the verdict, unless the command already has one.

        Announce the given verdict in both cases if it is a refusal.
        """
        name = layout.locate_command_verdict(verdict.command_id)
        write_once(self.bucket, name, verdict.encode(), _HEADERS)
        if verdict.outcome == "refused":
            # The topic file-refused also carries the refusals of commands.
            self.topic.publish(
                FileRefused(
                    reason=verdict.reason or "",
                    detail=verdict.detail or "",
                    command_id=verdict.command_id,
                )
            )
