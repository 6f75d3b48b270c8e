"""Handling of command objects: decide, then announce.

1. Read the command from the exact generation of the object, and check the rights of its author.
2. Store the verdict on the object, unless it has one. The stored verdict is final.
3. Publish an accepted command on ``command-accepted``; the indexer answers it. Store a refusal as
   the answer to the command too, and publish it on ``file-refused``.

A repeated delivery repeats step 3. Id, time and author of the command follow from the object, so a
command that is published twice is one command.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chassis.outcomes import Outcome
from checks.command_rights import CommandRights
from checks.policy import Policy
from checks.refusal import Refused
from cloud.once import write_once, write_or_read
from cloud.ports import Bucket, Headers, Topic
from ingest.commands.reading import issue_command, read_command, require_author
from ingest.incoming import IncomingObject
from ingest.upload import Upload
from schemas import layout
from schemas.events import FileRefused, ProjectCommand
from schemas.headers import JSON, NO_STORE
from schemas.verdict_documents import CommandVerdict, Verdict

_HEADERS = Headers(JSON, NO_STORE)
_POLICY = Policy()


class UnreadableAcceptedCommand(Exception):
    """Command that an earlier delivery accepted, and that this release cannot read.

    The message is delivered again, and becomes a dead letter for an operator.
    """


@dataclass(frozen=True, slots=True)
class CommandObjects:
    """Incoming and verdicts bucket, and the topics of accepted and refused commands."""

    incoming: Bucket
    verdicts: Bucket
    accepted: Topic
    refused: Topic
    rights: CommandRights
    now: Callable[[], datetime]

    def handle(self, upload: Upload) -> Outcome:
        """Accept or refuse the command of an object, and return when that is announced.

        :raises MessageRefused: if the object does not exist, if its name has no valid author, or if
            the digest in the message differs from that of the object.
        """
        require_author(upload)
        incoming = IncomingObject(self.incoming, upload, _POLICY)
        command: ProjectCommand | None = None
        refused: Refused | None = None
        try:
            command = read_command(incoming)
            self.rights.require(upload.name, command)
        except Refused as error:
            refused = error
        verdict = self._decide(incoming, refused)
        if verdict.outcome == "refused":
            return self._refuse(verdict)
        if command is None:
            raise UnreadableAcceptedCommand(upload.name) from refused
        self.accepted.publish(issue_command(command, incoming))
        return Outcome("done", command.project, upload.name, uploader=upload.uploader)

    def _decide(self, incoming: IncomingObject, refused: Refused | None) -> Verdict:
        """Store the verdict on the object, unless it has one; return the stored verdict."""
        name, generation = incoming.info.name, incoming.info.generation
        verdict = Verdict(
            outcome="refused" if refused else "accepted",
            bucket=incoming.upload.bucket,
            name=name,
            generation=generation,
            time=self.now(),
            reason=refused.reason if refused else None,
            detail=refused.detail if refused else None,
            command_id=layout.derive_command_id(name, generation),
        )
        address = layout.locate_verdict(name, generation)
        stored = write_or_read(self.verdicts, address, verdict.encode(), _HEADERS)
        return Verdict.model_validate_json(stored)

    def _refuse(self, verdict: Verdict) -> Outcome:
        """Store the refusal as the answer to the command, and announce it."""
        reason, detail = verdict.reason or "", verdict.detail or ""
        command_id = layout.derive_command_id(verdict.name, verdict.generation)
        answer = CommandVerdict(
            outcome="refused",
            command_id=command_id,
            time=verdict.time,
            reason=reason,
            detail=detail,
        )
        address = layout.locate_command_verdict(command_id)
        write_once(self.verdicts, address, answer.encode(), _HEADERS)
        self.refused.publish(
            FileRefused(
                reason=reason,
                detail=detail,
                bucket=verdict.bucket,
                name=verdict.name,
                generation=verdict.generation,
                command_id=command_id,
            )
        )
        uploader, _ = layout.split_incoming_name(verdict.name)
        return Outcome(
            "refused", file=verdict.name, reason=reason, detail=detail, uploader=uploader
        )
