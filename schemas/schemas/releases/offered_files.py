"""Questions about a record: offered files, yanked files, and the latest release.

The answers use a total order (PEP 440, then upload time, then file name), so they do not depend on
the order in which the facts arrived.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from packaging.version import Version as ParsedVersion

from schemas.names import Filename, Version, normalize_release
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.releases.equivalence import find_unlisted
from schemas.types import Status

find_release = lru_cache(1024)(normalize_release)
"""Release of a version; the files of a release, and its registers, ask for it several times."""


def rank_file(file: FileRecord) -> tuple[ParsedVersion, datetime, str]:
    """Return the sort key of a file within its project; the oldest release is first."""
    return ParsedVersion(file.version), file.upload_time, file.filename


def rank_register(register: Register | StatusRegister) -> tuple[datetime, str]:
    """Return the sort key of a register; the last one wins."""
    return register.issued_at, register.command_id


def find_register(registers: Registers, file: FileRecord) -> Register | None:
    """Return the newest register for ``file`` or its release, or None."""
    own = registers.files.get(file.filename)
    release = registers.versions.get(find_release(file.version)) if registers.versions else None
    if own is None or release is None:
        return own or release
    return max(own, release, key=rank_register)


def is_removed(record: ProjectRecord, file: FileRecord) -> bool:
    """Return whether ``file`` is removed."""
    register = find_register(record.removed, file)
    return register is not None and register.value


def find_yank(record: ProjectRecord, file: FileRecord) -> Register | None:
    """Return the register that yanks ``file`` (PEP 592), or None if it is not yanked.

    The yank of an operator precedes that of an uploader.
    """
    for registers in (record.yanked, record.yanked_by_uploaders):
        register = find_register(registers, file)
        if register is not None and register.value:
            return register
    return None


def get_status(record: ProjectRecord) -> Status:
    """Return the status of the project (PEP 792); active by default."""
    return record.status.value if record.status else "active"


def list_offered_files(record: ProjectRecord) -> list[FileRecord]:
    """Return the files on the project's pages, in total order.

    Removed files are left out, files of quarantined releases, and all but one of equivalent files
    (:mod:`schemas.releases.equivalence`). A quarantined project offers no files.
    """
    if get_status(record) == "quarantined":
        return []
    unlisted = find_unlisted(record.files.values())
    files = (file for file in record.files.values() if file.filename not in unlisted)
    return sorted((file for file in files if not _is_blocked(record, file)), key=rank_file)


def list_blocked_filenames(record: ProjectRecord) -> tuple[Filename, ...]:
    """Return the names of the removed files and the files of quarantined releases, sorted.

    The list does not grow with the status of the project: ``blocked.json`` states that once.
    """
    files = record.files.values()
    return tuple(sorted(f.filename for f in files if _is_blocked(record, f)))


def list_quarantined_releases(record: ProjectRecord) -> tuple[Version, ...]:
    """Return the releases with a quarantine of their own, sorted as text."""
    statuses = record.release_status.items()
    return tuple(sorted(release for release, status in statuses if status.value == "quarantined"))


def _is_blocked(record: ProjectRecord, file: FileRecord) -> bool:
    return is_removed(record, file) or _is_release_quarantined(record, file)


def find_latest_file(record: ProjectRecord) -> FileRecord | None:
    """Return a file of the latest release, or None.

    Final releases precede pre-releases. Yanked and removed files do not count.
    """
    return choose_latest_file(record, list_offered_files(record))


def choose_latest_file(record: ProjectRecord, offered: Iterable[FileRecord]) -> FileRecord | None:
    """Return the result of :func:`find_latest_file`, for the offered files of the record."""
    candidates = (file for file in offered if find_yank(record, file) is None)
    return max(candidates, key=_rank_latest, default=None)


def _rank_latest(file: FileRecord) -> tuple[bool, ParsedVersion, datetime, str]:
    rank = rank_file(file)
    return not rank[0].is_prerelease, *rank


def _is_release_quarantined(record: ProjectRecord, file: FileRecord) -> bool:
    if not record.release_status:
        return False
    status = record.release_status.get(find_release(file.version))
    return status is not None and status.value == "quarantined"
