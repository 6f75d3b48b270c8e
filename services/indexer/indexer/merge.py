"""The pure merge of a project's record: facts are only added, registers take the last writer.

Merging is commutative and idempotent: whatever the order and however often the same changes come,
the record ends up with the same facts and the same registers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from chassis.outcomes import TooEarly
from schemas.events import ProjectCommand
from schemas.names import ProjectName, release_of
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.releases import register_order

Key = TypeVar("Key")

DEFAULT_YANK_REASON = "yanked"
"""What a yank without a reason says: an empty one would not be a yank to every client."""


CLOCK_SKEW = timedelta(minutes=5)
"""How far an operator's clock may be ahead of Pub/Sub's."""


class CommandRefused(Exception):
    """Command that can never be executed.

    :param reason: a stable code.
    :param detail: a sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class ConflictingFact(Exception):
    """File announced with another digest than recorded, because the bucket was changed."""

    def __init__(self, recorded: FileRecord, announced: FileRecord) -> None:
        super().__init__(
            f"{recorded.filename} is recorded with sha256 {recorded.sha256} (generation "
            f"{recorded.generation}), announced with {announced.sha256} ({announced.generation})"
        )
        self.recorded = recorded
        self.announced = announced


@dataclass(frozen=True, slots=True)
class IssuedCommand:
    """A command with what its message's defaults are resolved to."""

    command: ProjectCommand
    command_id: str
    issued_at: datetime
    """When it was wished: orders it among the others."""
    too_early_until: datetime
    """Until when its object may still be on its way."""

    @classmethod
    def from_command(
        cls, command: ProjectCommand, command_id: str, publish_time: datetime, grace: timedelta
    ) -> "IssuedCommand":
        """Resolve the default of ``issued_at``: the publish time.

        :raises CommandRefused: if it is issued after it was published: it would win for ever.
        """
        if command.issued_at is not None and command.issued_at > publish_time + CLOCK_SKEW:
            raise CommandRefused(
                "issued-in-future",
                f"issued_at {command.issued_at:%Y-%m-%d %H:%M} is after the message was published "
                f"({publish_time:%Y-%m-%d %H:%M} UTC): no later command could undo it",
            )
        return cls(
            command=command,
            command_id=command_id,
            issued_at=command.issued_at or publish_time,
            too_early_until=publish_time + grace,
        )


Change = FileRecord | IssuedCommand


def merge(
    record: ProjectRecord, changes: Sequence[Change], now: datetime
) -> tuple[ProjectRecord, list[Exception | None]]:
    """Return ``record`` with ``changes`` made, and for each the exception that kept it out, if any.

    The revision is left as it is: see :func:`revised`.
    """
    failures: list[Exception | None] = []
    for change in changes:
        try:
            record = _apply(record, change, now)
        except (TooEarly, CommandRefused, ConflictingFact) as failure:
            failures.append(failure)
        else:
            failures.append(None)
    return record, failures


def empty(project: ProjectName) -> ProjectRecord:
    """The record of a project of which nothing is known."""
    return ProjectRecord(project=project, revision=0)


def revised(record: ProjectRecord, now: datetime) -> ProjectRecord:
    """Return ``record`` as it is committed next: its revision is higher, and not below the clock.

    The clock keeps a record that was rebuilt from nothing ahead of its predecessor's pages.
    """
    microseconds = int(now.timestamp() * 1_000_000)
    return record.model_copy(update={"revision": max(record.revision + 1, microseconds)})


def _apply(record: ProjectRecord, change: Change, now: datetime) -> ProjectRecord:
    if isinstance(change, FileRecord):
        return _add_file(record, change)
    _require_object(record, change, now)
    if change.command.action == "set-status":
        return _set_status(record, change)
    return _set_register(record, change)


def _add_file(record: ProjectRecord, file: FileRecord) -> ProjectRecord:
    recorded = record.files.get(file.filename)
    if recorded is None:
        return record.model_copy(update={"files": {**record.files, file.filename: file}})
    if recorded.sha256 != file.sha256:
        raise ConflictingFact(recorded, file)
    return record


def _require_object(record: ProjectRecord, issued: IssuedCommand, now: datetime) -> None:
    """Raise if what the command speaks of is not there (yet)."""
    command = issued.command
    if command.filename is not None:
        known = command.filename in record.files
    elif command.version is not None:
        release = release_of(command.version)
        known = any(release_of(file.version) == release for file in record.files.values())
    else:
        known = bool(record.files)
    if known:
        return
    wanted = command.filename or command.version or "any file"
    if now < issued.too_early_until:
        raise TooEarly(f"{record.project} has no {wanted} yet")
    raise CommandRefused(
        "not-found", f"{record.project} has no {wanted}: publish it first, or correct the name"
    )


def _set_status(record: ProjectRecord, issued: IssuedCommand) -> ProjectRecord:
    register = StatusRegister(
        issued_at=issued.issued_at,
        command_id=issued.command_id,
        value=issued.command.status or "active",  # the schema sees to it that it is there
        reason=issued.command.reason,
    )
    current = record.status
    if current and (current.issued_at, current.command_id) >= _order(issued):
        return record
    return record.model_copy(update={"status": register})


def _set_register(record: ProjectRecord, issued: IssuedCommand) -> ProjectRecord:
    command = issued.command
    kind = "yanked" if command.action in ("yank", "unyank") else "removed"
    yank = command.action == "yank"
    register = Register(
        issued_at=issued.issued_at,
        command_id=issued.command_id,
        value=command.action in ("yank", "remove"),
        reason=command.reason or (DEFAULT_YANK_REASON if yank else None),
    )
    registers: Registers = getattr(record, kind)
    update: dict[str, object] = {}
    if command.filename is not None:
        update["files"] = _with(registers.files, command.filename, register)
    if command.version is not None:
        update["versions"] = _with(registers.versions, release_of(command.version), register)
    return record.model_copy(update={kind: registers.model_copy(update=update)})


def _with(registers: Mapping[Key, Register], key: Key, new: Register) -> Mapping[Key, Register]:
    current = registers.get(key)
    if current and register_order(current) >= register_order(new):
        return registers
    return {**registers, key: new}


def _order(issued: IssuedCommand) -> tuple[datetime, str]:
    return issued.issued_at, issued.command_id
