"""Pure merge of changes into a project record.

A record has the facts of files, which are only added or, with a higher
``facts_version``, replaced. It also has registers, which keep the value
of the newest command (in terms of CRDTs: grow-only set, last-writer-wins register).

The merge is commutative and idempotent. The same changes lead to the same facts and registers, in
any order and after any number of deliveries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from chassis.outcomes import TooEarly
from schemas.events import ProjectCommand
from schemas.names import ProjectName, normalize_release
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.releases import rank_register

Key = TypeVar("Key")

CLOCK_SKEW = timedelta(minutes=5)
"""Maximum time by which an operator's clock can be ahead of the clock of Pub/Sub."""


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
    """File with different digests in the announcement and the record, after a manual change."""

    def __init__(self, recorded: FileRecord, announced: FileRecord) -> None:
        super().__init__(
            f"{recorded.filename} is recorded with sha256 {recorded.sha256} (generation "
            f"{recorded.generation}), announced with sha256 {announced.sha256} "
            f"(generation {announced.generation})"
        )
        self.recorded = recorded
        self.announced = announced


@dataclass(frozen=True, slots=True)
class IssuedCommand:
    """Command with resolved defaults."""

    command: ProjectCommand
    command_id: str
    issued_at: datetime
    """Time of the command; it decides the order of commands."""
    redeliver_until: datetime
    """Time until which Pub/Sub redelivers the command while its file or release is missing."""

    @classmethod
    def from_command(
        cls,
        command: ProjectCommand,
        command_id: str,
        publish_time: datetime,
        command_grace: timedelta,
    ) -> "IssuedCommand":
        """Resolve the default of ``issued_at``, which is the publish time.

        :raises CommandRefused: if ``issued_at`` is after the publish time, by more than
            :data:`CLOCK_SKEW`. Later commands could not replace such a command.
        """
        if command.issued_at is not None and command.issued_at > publish_time + CLOCK_SKEW:
            raise CommandRefused(
                "issued-in-future",
                f"issued_at {command.issued_at:%Y-%m-%d %H:%M} is after the publish time of the "
                f"message ({publish_time:%Y-%m-%d %H:%M} UTC): correct issued_at, or leave it out",
            )
        return cls(
            command=command,
            command_id=command_id,
            issued_at=command.issued_at or publish_time,
            redeliver_until=publish_time + command_grace,
        )

    @property
    def order(self) -> tuple[datetime, str]:
        """Sort key of commands that set the same register."""
        return self.issued_at, self.command_id


Change = FileRecord | IssuedCommand


def merge(
    record: ProjectRecord, changes: Sequence[Change], now: datetime
) -> tuple[ProjectRecord, list[Exception | None]]:
    """Return the record with ``changes``, and for each change its exception or None.

    The revision does not change: see :func:`advance_revision`.
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


def create_record(project: ProjectName) -> ProjectRecord:
    """Create the record of a new project."""
    return ProjectRecord(project=project, revision=0)


def advance_revision(record: ProjectRecord, now: datetime) -> ProjectRecord:
    """Return the record with a higher revision, at least the current time in microseconds.

    Therefore a record that was lost and built again has a higher revision than its old pages.
    """
    microseconds = int(now.timestamp() * 1_000_000)
    return record.model_copy(update={"revision": max(record.revision + 1, microseconds)})


def _apply(record: ProjectRecord, change: Change, now: datetime) -> ProjectRecord:
    if isinstance(change, FileRecord):
        return _add_file(record, change)
    _require_target(record, change, now)
    if change.command.action == "set-status":
        return _set_status(record, change)
    return _set_register(record, change)


def _add_file(record: ProjectRecord, file: FileRecord) -> ProjectRecord:
    """Add the facts of a file.

    If the file is already recorded, keep the facts with the higher ``facts_version``.
    """
    recorded = record.files.get(file.filename)
    if recorded is None:
        return record.model_copy(update={"files": {**record.files, file.filename: file}})
    if recorded.sha256 != file.sha256:
        raise ConflictingFact(recorded, file)
    if recorded.facts_version >= file.facts_version:
        return record
    return record.model_copy(update={"files": {**record.files, file.filename: file}})


def _require_target(record: ProjectRecord, issued: IssuedCommand, now: datetime) -> None:
    """Check that the file, release or project of the command exists.

    :raises TooEarly: if it is missing but can still arrive.
    :raises CommandRefused: if it is missing and the grace period is over.
    """
    command = issued.command
    if _has_target(record, command):
        return
    target = command.filename or command.version
    wanted = target or "file"
    if now < issued.redeliver_until:
        raise TooEarly(f"{record.project} has no {wanted} yet")
    pronoun = "it" if target else "one"
    raise CommandRefused(
        "not-found",
        f"{record.project} has no {wanted}: upload {pronoun} first, or correct the name",
    )


def _has_target(record: ProjectRecord, command: ProjectCommand) -> bool:
    if command.filename is not None:
        return command.filename in record.files
    if command.version is not None:
        release = normalize_release(command.version)
        return any(normalize_release(file.version) == release for file in record.files.values())
    return bool(record.files)


def _set_status(record: ProjectRecord, issued: IssuedCommand) -> ProjectRecord:
    register = StatusRegister(
        issued_at=issued.issued_at,
        command_id=issued.command_id,
        # ProjectCommand requires a status for set-status, so the default is never used.
        value=issued.command.status or "active",
        reason=issued.command.reason,
    )
    current = record.status
    if current and (current.issued_at, current.command_id) >= issued.order:
        return record
    return record.model_copy(update={"status": register})


def _set_register(record: ProjectRecord, issued: IssuedCommand) -> ProjectRecord:
    command = issued.command
    kind = "yanked" if command.action in ("yank", "unyank") else "removed"
    register = Register(
        issued_at=issued.issued_at,
        command_id=issued.command_id,
        value=command.action in ("yank", "remove"),
        reason=_keep_reason(command.reason),
    )
    registers: Registers = getattr(record, kind)
    update: dict[str, object] = {}
    if command.filename is not None:
        update["files"] = _set_if_newer(registers.files, command.filename, register)
    if command.version is not None:
        update["versions"] = _set_if_newer(
            registers.versions, normalize_release(command.version), register
        )
    return record.model_copy(update={kind: registers.model_copy(update=update)})


def _keep_reason(reason: str | None) -> str | None:
    """Return the reason; None if it is blank (PEP 592: a yank may have no reason)."""
    return reason if reason and not reason.isspace() else None


def _set_if_newer(
    registers: Mapping[Key, Register], key: Key, new: Register
) -> Mapping[Key, Register]:
    current = registers.get(key)
    if current and rank_register(current) >= rank_register(new):
        return registers
    return {**registers, key: new}
