"""The answers to operators' commands: a verdict is stored, then a refusal is announced."""

from dataclasses import dataclass

from cloud.once import write_once
from cloud.ports import Bucket, Headers, Topic
from schemas import layout
from schemas.events import FileRefused
from schemas.headers import JSON, NO_STORE
from schemas.records import CommandVerdict

_HEADERS = Headers(JSON, NO_STORE)


@dataclass(frozen=True, slots=True)
class Answers:
    """Where the answers go."""

    bucket: Bucket
    topic: Topic

    def refusal_of(self, command_id: str) -> CommandVerdict | None:
        """The refusal already stored for a command: it is final, whatever is there by now."""
        stored = self.bucket.read(layout.command_verdict(command_id))
        if stored is None:
            return None
        verdict = CommandVerdict.model_validate_json(stored.data)
        return verdict if verdict.outcome == "refused" else None

    def give(self, verdict: CommandVerdict) -> None:
        """Store the verdict, unless there is one, and announce a refusal; in that order."""
        name = layout.command_verdict(verdict.command_id)
        write_once(self.bucket, name, verdict.encode(), _HEADERS)
        if verdict.outcome == "refused":
            self.topic.publish(
                FileRefused(
                    reason=verdict.reason or "",
                    detail=verdict.detail or "",
                    command_id=verdict.command_id,
                )
            )
