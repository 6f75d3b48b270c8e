"""Registers of a record that still hold after a command, as sentences with their remedies."""

from collections.abc import Iterator

from gcpypi.commanding.command_author import CommandAuthor
from gcpypi.commanding.visible_files import is_target
from gcpypi.output import escape_control
from schemas.events import ProjectCommand
from schemas.names import normalize_release
from schemas.records import FileRecord, ProjectRecord, Register, StatusRegister
from schemas.releases import find_register, get_status


def explain_registers(
    record: ProjectRecord, command: ProjectCommand, author: CommandAuthor
) -> list[str]:
    """Return a sentence for each register that prevents the effect of a command, each once."""
    files = [file for file in record.files.values() if is_target(file, command)]
    if command.action == "unyank":
        found = (text for file in files for text in _explain_yanks(record, file, author))
    else:
        found = (text for file in files for text in _explain_absence(record, file))
    return list(dict.fromkeys(found))


def describe_register(register: Register | StatusRegister) -> str:
    """Return author, time and reason of a register."""
    author = register.issued_by or "an operator, by message"
    reason = f" ({escape_control(register.reason)})" if register.reason else ""
    return f"{author} on {register.issued_at:%Y-%m-%d %H:%M} UTC{reason}"


def _explain_yanks(record: ProjectRecord, file: FileRecord, author: CommandAuthor) -> Iterator[str]:
    of_operators = find_register(record.yanked, file)
    if of_operators and of_operators.value:
        remedy = "give unyank again, without --of-uploaders" if author.is_operator else _ASK
        yield f"a yank by {describe_register(of_operators)} still holds: {remedy}"
    of_uploaders = find_register(record.yanked_by_uploaders, file)
    if of_uploaders and of_uploaders.value:
        remedy = "add --of-uploaders" if author.is_operator else "give unyank again"
        yield f"a yank by {describe_register(of_uploaders)} still holds: {remedy}"


_ASK = "an uploader cannot lift the yank of an operator, so ask an operator"


def _explain_absence(record: ProjectRecord, file: FileRecord) -> Iterator[str]:
    if record.status and get_status(record) == "quarantined":
        yield _explain("the project is quarantined", record.status, f"activate {record.project}")
    release = record.release_status.get(normalize_release(file.version))
    words = f"{record.project} {file.version}"
    if release and release.value == "quarantined":
        yield _explain("the release is quarantined", release, f"activate {words}")
    removed = find_register(record.removed, file)
    if removed and removed.value:
        yield _explain(f"{file.filename} is removed", removed, f"restore {words}")


def _explain(fact: str, register: Register | StatusRegister, remedy: str) -> str:
    return f"{fact} by {describe_register(register)}: gcpypi {remedy} lifts it"
