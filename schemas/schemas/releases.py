"""What a record means: which files are offered, which are yanked, and which release is the latest.

Every answer is defined by a total order – PEP 440, then upload time, then file name – so that it
does not depend on the order in which facts arrived.
"""

from collections.abc import Iterator
from datetime import datetime

from packaging.version import Version as ParsedVersion

from schemas.names import Filename, release_of
from schemas.records import FileRecord, ProjectRecord, Register, Registers
from schemas.types import Status


def file_order(file: FileRecord) -> tuple[ParsedVersion, datetime, str]:
    """The total order of a project's files, oldest release first."""
    return ParsedVersion(file.version), file.upload_time, file.filename


def register_order(register: Register) -> tuple[datetime, str]:
    """The total order of registers: the last writer wins."""
    return register.issued_at, register.command_id


def effective(registers: Registers, file: FileRecord) -> Register | None:
    """The newest register that speaks of ``file``, its own or its version's; None if none does."""
    version = registers.versions.get(release_of(file.version))
    candidates = (registers.files.get(file.filename), version)
    return max((r for r in candidates if r is not None), key=register_order, default=None)


def is_removed(record: ProjectRecord, file: FileRecord) -> bool:
    """Whether ``file`` is offered no more."""
    register = effective(record.removed, file)
    return register is not None and register.value


def yank_of(record: ProjectRecord, file: FileRecord) -> Register | None:
    """The register that yanks ``file`` (PEP 592), or None if it is not yanked."""
    register = effective(record.yanked, file)
    return register if register is not None and register.value else None


def status_of(record: ProjectRecord) -> Status:
    """The project's status (PEP 792); active where nobody said anything."""
    return record.status.value if record.status else "active"


def offered(record: ProjectRecord) -> list[FileRecord]:
    """The files that pages list, in total order: not removed, and none of a quarantined project."""
    if status_of(record) == "quarantined":
        return []
    files = (file for file in record.files.values() if not is_removed(record, file))
    return sorted(files, key=file_order)


def removed_filenames(record: ProjectRecord) -> tuple[Filename, ...]:
    """The names of the files that are offered no more, sorted."""
    return tuple(sorted(f.filename for f in record.files.values() if is_removed(record, f)))


def latest(record: ProjectRecord) -> FileRecord | None:
    """A file of the latest release: final releases first, yanked and removed ones left out."""
    return max(_candidates(record), key=_latest_order, default=None)


def _candidates(record: ProjectRecord) -> Iterator[FileRecord]:
    return (file for file in offered(record) if yank_of(record, file) is None)


def _latest_order(file: FileRecord) -> tuple[bool, ParsedVersion, datetime, str]:
    order = file_order(file)
    return not order[0].is_prerelease, *order
