"""The answers to operators' commands: a verdict is stored, then a refusal is announced."""

from dataclasses import dataclass

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers, Topic
from schemas import layout
from schemas.events import FileRefused
from schemas.records import CommandVerdict


@dataclass(frozen=True, slots=True)
class Answers:
    """Where the answers go."""

    bucket: Bucket
    topic: Topic

    def give(self, verdict: CommandVerdict) -> None:
        """Store the verdict, unless there is one, and announce a refusal; in that order."""
        headers = Headers(content_type="application/json", cache_control="no-store")
        name = layout.command_verdict(verdict.command_id)
        try:
            self.bucket.write(name, verdict.encode(), headers, if_generation=0)
        except (PreconditionFailed, TooManyRequests):
            # The command was delivered before, perhaps a moment ago, and is answered.
            if self.bucket.stat(name) is None:
                raise
        if verdict.outcome == "refused":
            self.topic.publish(
                FileRefused(
                    reason=verdict.reason or "",
                    detail=verdict.detail or "",
                    command_id=verdict.command_id,
                )
            )
