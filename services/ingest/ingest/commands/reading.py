"""Command in an incoming object: the limits of the object, and its content."""

import re
from difflib import get_close_matches

from checks.refusal import Reason, Refused, quote
from ingest.incoming import IncomingObject
from ingest.upload import MessageRefused, Upload
from schemas import layout
from schemas.events import CommandAccepted, ProjectCommand
from schemas.push import UnreadableMessage

MAX_COMMAND_SIZE = 64 << 10
"""Maximum size of a command, in bytes."""

_FORMS = (
    f"<uploader>/<run id>/<any>{layout.COMMAND_SUFFIX} or "
    f"{layout.OPERATORS}/<name>/<any>{layout.COMMAND_SUFFIX}"
)
_AUTHOR = re.compile(rf"{layout.OPERATORS}/[!-.0-~]{{1,200}}|[A-Za-z0-9_.-]{{1,90}}")
"""Authors that fit into ``issued_by`` and, up to the first slash, into a command id."""


def require_author(upload: Upload) -> None:
    """Check the author in the name of an object, which becomes part of the command's id.

    :raises MessageRefused: if the command has no valid id, so that there is no place for an answer.
    """
    if layout.is_command_name(upload.name) and not _AUTHOR.fullmatch(
        layout.split_author(upload.name)
    ):
        detail = f"{quote(upload.name)} is not a valid name of a command: use {_FORMS}"
        raise MessageRefused(Refused(Reason.NOT_ALLOWED, detail))


def read_command(incoming: IncomingObject) -> ProjectCommand:
    """Read the command; it has neither id nor time.

    :raises Refused: if the name or the content of the object is not that of a command.
    :raises MessageRefused: if the object no longer exists, or if the digest in the message differs.
    """
    if incoming.info.size > MAX_COMMAND_SIZE:
        raise Refused(
            Reason.TOO_LARGE,
            f"{quote(incoming.info.name)} has {incoming.info.size} bytes; a command has at most "
            f"{MAX_COMMAND_SIZE}: leave out what is no field of a command",
        )
    incoming.require_readable()
    data = b"".join(incoming.bytes)
    incoming.verify_claims()
    if not layout.is_command_name(incoming.info.name):
        raise _bad_command(incoming, f"is not the name of a command: use {_FORMS}")
    return _decode(incoming, data)


def issue_command(command: ProjectCommand, incoming: IncomingObject) -> CommandAccepted:
    """Return the command with its id, time and author, which follow from the object alone."""
    name, generation = incoming.info.name, incoming.info.generation
    issued = {
        "command_id": layout.derive_command_id(name, generation),
        "issued_at": incoming.info.created,
    }
    return CommandAccepted(
        command=command.model_copy(update=issued), issued_by=layout.split_author(name)
    )


def _decode(incoming: IncomingObject, data: bytes) -> ProjectCommand:
    """Decode the command.

    Refuse a misspelled field, because the command without it can have a wider effect. Pass on other
    unknown fields: a newer indexer can know them.
    """
    try:
        command = ProjectCommand.decode(data)
    except UnreadableMessage as error:
        raise _bad_command(incoming, f"is {error.detail}") from error
    if command.command_id is not None or command.issued_at is not None:
        raise _bad_command(
            incoming,
            "has a command_id or issued_at, which ingest derives from the object: leave both out",
        )
    for name in command.model_extra or {}:
        if meant := get_close_matches(name, ProjectCommand.model_fields, n=1, cutoff=0.8):
            fault = f"has an unknown field {quote(name)}: it is possibly a misspelled {meant[0]}"
            raise _bad_command(incoming, fault)
    return command


def _bad_command(incoming: IncomingObject, fault: str) -> Refused:
    detail = f"{quote(incoming.info.name)} {fault}. Create another object with the right command"
    return Refused(Reason.BAD_COMMAND, detail)
