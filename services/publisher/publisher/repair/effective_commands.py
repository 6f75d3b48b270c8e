"""Commands that take effect on a project: yanks, removals, and statuses other than active.

``verify`` prints them with their authors. They are no differences.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.render.listing import make_printable
from schemas.names import ProjectName, normalize_release
from schemas.records import ProjectRecord, Register, Registers, StatusRegister
from schemas.releases import find_register, rank_file
from schemas.types import format_time


@dataclass(frozen=True, slots=True)
class EffectiveCommand:
    """Command that an operator or uploader gave, and that no later command of its kind replaced."""

    effect: str
    """``yanked``, ``removed``, or a status."""
    project: ProjectName
    target: str | None
    """File or release, without trailing zeros; None for the whole project."""
    register: Register | StatusRegister

    def __str__(self) -> str:
        register = self.register
        subject = f"{self.project} {self.target}" if self.target else self.project
        author = register.issued_by or "an operator without a name, by message"
        reason = make_printable(register.reason or "")
        return (
            f"{self.effect} {subject}: by {author}, {format_time(register.issued_at)}, "
            f"command {register.command_id}{f': {reason}' if reason else ''}"
        )


def list_effective_commands(record: ProjectRecord) -> Iterator[EffectiveCommand]:
    """Yield the commands: of the project, then of its releases and files, oldest release first.

    A command for a release comes once, and not at all if newer commands for each of its files
    replaced it.
    """
    if record.status and record.status.value != "active":
        yield EffectiveCommand(record.status.value, record.project, None, record.status)
    for release, status in sorted(record.release_status.items()):
        if status.value != "active":
            yield EffectiveCommand(status.value, record.project, release, status)
    yield from _list_marks(record, "yanked", record.yanked)
    yield from _list_marks(record, "yanked", record.yanked_by_uploaders)
    yield from _list_marks(record, "removed", record.removed)


def _list_marks(
    record: ProjectRecord, effect: str, registers: Registers
) -> Iterator[EffectiveCommand]:
    """Yield the registers that count for at least one file, each once."""
    if not (registers.files or registers.versions):
        return
    targets = dict[str, Register]()
    for file in sorted(record.files.values(), key=rank_file):
        register = find_register(registers, file)
        if register is not None and register.value:
            is_own = register is registers.files.get(file.filename)
            targets[file.filename if is_own else normalize_release(file.version)] = register
    for target, register in targets.items():
        yield EffectiveCommand(effect, record.project, target, register)
