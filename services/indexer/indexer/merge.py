"""Pure merge of changes into a project record.

A record has the facts of files, which are only added or, with a higher
``facts_version``, replaced. It also has registers, which keep the value
of the newest command (in terms of CRDTs: grow-only set, last-writer-wins register).

The merge is commutative and idempotent. The same changes lead to the same facts and registers, in
any order and after any number of deliveries.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from chassis.outcomes import TooEarly
from indexer.issued_command import CLOCK_SKEW, CommandRefused, IssuedCommand
from schemas.events import ProjectCommand
from schemas.names import ProjectName, normalize_release
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.releases import rank_register

Key = TypeVar("Key")
AnyRegister = TypeVar("AnyRegister", Register, StatusRegister)


class ConflictingFact(Exception):
    """File with different digests in the announcement and the record.

    An operator changed the packages bucket or the record by hand.
    """

    def __init__(self, recorded: FileRecord, announced: FileRecord) -> None:
        super().__init__(
            f"{recorded.filename} is recorded with sha256 {recorded.sha256} (generation "
            f"{recorded.generation}), announced with sha256 {announced.sha256} "
            f"(generation {announced.generation})"
        )
        self.recorded = recorded
        self.announced = announced


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
    _require_past(change, now)
    _require_target(record, change, now)
    if change.command.action == "set-status":
        return _set_status(record, change)
    return _set_register(record, change)


def _add_file(record: ProjectRecord, file: FileRecord) -> ProjectRecord:
    """Add the facts of a file.

    If the file is already recorded, keep the facts with the higher ``facts_version``.
    """
    recorded = record.files.get(file.filename)
    if recorded and recorded.sha256 != file.sha256:
        raise ConflictingFact(recorded, file)
    if recorded and recorded.facts_version >= file.facts_version:
        return record
    return record.model_copy(update={"files": {**record.files, file.filename: file}})


def _require_past(issued: IssuedCommand, now: datetime) -> None:
    """Check that the time of the command is at most :data:`CLOCK_SKEW` after now.

    Otherwise later commands could not replace its register. For a command on
    ``project-command``, :meth:`IssuedCommand.from_command` has already compared the time with the
    publish time.

    :raises TooEarly: if the time is later, because the clock of the indexer is behind.
    """
    if issued.issued_at > now + CLOCK_SKEW:
        raise TooEarly(
            f"the time of command {issued.command_id} is in the future: "
            f"{issued.issued_at:%Y-%m-%d %H:%M} UTC"
        )


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
    """Set the status of the project, or of one release."""
    command = issued.command
    register = StatusRegister(
        issued_at=issued.issued_at,
        command_id=issued.command_id,
        # ProjectCommand requires a status for set-status, so the default is never used.
        value=command.status or "active",
        reason=command.reason,
        issued_by=issued.issued_by,
    )
    if command.version is not None:
        release = normalize_release(command.version)
        statuses = _set_if_newer(record.release_status, release, register)
        return record.model_copy(update={"release_status": statuses})
    if record.status and rank_register(record.status) >= issued.order:
        return record
    return record.model_copy(update={"status": register})


def _set_register(record: ProjectRecord, issued: IssuedCommand) -> ProjectRecord:
    command, kind = issued.command, issued.kind
    register = Register(
        issued_at=issued.issued_at,
        command_id=issued.command_id,
        value=command.action in ("yank", "remove"),
        reason=_drop_blank_reason(command.reason),
        issued_by=issued.issued_by,
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


def _drop_blank_reason(reason: str | None) -> str | None:
    """Return the reason; None if it is blank (PEP 592: a yank may have no reason)."""
    return reason if reason and not reason.isspace() else None


def _set_if_newer(
    registers: Mapping[Key, AnyRegister], key: Key, new: AnyRegister
) -> Mapping[Key, AnyRegister]:
    current = registers.get(key)
    if current and rank_register(current) >= rank_register(new):
        return registers
    return {**registers, key: new}
