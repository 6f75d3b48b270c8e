"""Intake of a command: check its holder, then create its object in the incoming bucket.

Ingest checks the command again, and announces it. So this is for an answer at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from secrets import token_hex

from checks.command_rights import CommandRights
from checks.refusal import Reason, Refused, quote
from cloud.ports import Bucket, Headers
from schemas import layout
from schemas.events import ProjectCommand
from schemas.headers import JSON, NO_STORE
from schemas.holders import Holder
from schemas.push import UnreadableMessage
from schemas.types import NewerSchemaVersion
from upload.publishing_rights import require_project, require_uploader


@dataclass(frozen=True, slots=True)
class CommandReceipt:
    """Object of a command that was given."""

    name: str
    generation: int
    command_id: str


@dataclass(frozen=True, slots=True)
class CommandIntake:
    """Commands of the holders of publishing credentials."""

    incoming: Bucket
    verdicts: Bucket
    rights: CommandRights
    now: Callable[[], datetime]

    def give(self, holder: Holder, data: bytes) -> CommandReceipt:
        """Create the object of a command. It blocks.

        :param data: the JSON of a ``ProjectCommand`` without ``command_id`` and ``issued_at``.
        :raises Refused: if it is not a command, or if the holder may not give it.
        :raises CloudError: if Cloud Storage does not answer. The object then possibly exists; a
            repeated command has the same effect.
        """
        command = read_command(data)
        uploader = require_uploader(holder)
        require_project(holder, command.project)
        name = layout.locate_upload(
            uploader,
            f"{self.now():%Y%m%dT%H%M%SZ}-{token_hex(4)}",
            f"{command.action}{layout.COMMAND_SUFFIX}",
        )
        self.rights.require(name, command)
        headers = Headers(JSON, NO_STORE, {layout.HOLDER: holder.name})
        created = self.incoming.write(name, command.encode(), headers, if_generation=0)
        command_id = layout.derive_command_id(name, created.generation)
        return CommandReceipt(name, created.generation, command_id)

    def read_answer(self, holder: Holder, command_id: str) -> bytes | None:
        """Return the answer to a command of the holder's uploader as JSON, or None. It blocks.

        :raises CloudError: if Cloud Storage does not answer.
        """
        if not holder.uploader or command_id.rpartition(".")[0] != holder.uploader:
            return None
        stored = self.verdicts.read(layout.locate_command_verdict(command_id))
        return stored.data if stored else None


def read_command(data: bytes) -> ProjectCommand:
    """Decode a command without id and time.

    :raises Refused: if it is none, or if it has a misspelled field.
    """
    try:
        command = ProjectCommand.decode(data)
    except UnreadableMessage as error:
        raise _refuse(f"is {error.detail}") from error
    except NewerSchemaVersion as error:
        raise _refuse(f"is of a newer release: {error}") from error
    if command.command_id is not None or command.issued_at is not None:
        raise _refuse("has a command_id or issued_at: leave both out")
    for name in command.model_extra or {}:
        if meant := get_close_matches(name, ProjectCommand.model_fields, n=1, cutoff=0.8):
            raise _refuse(f"has a field {quote(name)}, possibly a misspelled {meant[0]}")
    return command


def _refuse(fault: str) -> Refused:
    return Refused(Reason.BAD_COMMAND, f"the body {fault}. Send the JSON of one command")
