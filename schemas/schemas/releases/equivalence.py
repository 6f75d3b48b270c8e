"""Equivalent files: one release, build number and tag set under two file names."""

from collections.abc import Iterable
from datetime import UTC, datetime

from schemas.names import Equivalence, Filename, derive_equivalence
from schemas.records import FileRecord

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def find_equivalent(filename: str, others: Iterable[str]) -> str | None:
    """Return the first name in ``others`` that is equivalent to another name, ``filename``."""
    wanted = derive_equivalence(filename)
    if wanted is None:
        return None
    found = (other for other in others if derive_equivalence(other) == wanted)
    return next((other for other in found if other != filename), None)


def find_unlisted(files: Iterable[FileRecord]) -> dict[Filename, Filename]:
    """Return the unlisted files of a project, each with the listed file that it is equivalent to.

    The file with the earliest ``promoted_at``, then file name, is listed. Files without
    ``promoted_at`` are older than this rule, and stay listed. Removed files count.
    """
    unlisted = dict[Filename, Filename]()
    for first, *others in group_equivalent(files):
        for file in others:
            if file.promoted_at is not None:
                unlisted[file.filename] = first.filename
    return unlisted


def group_equivalent(files: Iterable[FileRecord]) -> list[list[FileRecord]]:
    """Return each group of two or more equivalent files, the earliest file first."""
    groups = dict[Equivalence, list[FileRecord]]()
    for file in files:
        if key := derive_equivalence(file.filename):
            groups.setdefault(key, []).append(file)
    return [sorted(group, key=_rank) for group in groups.values() if len(group) > 1]


def _rank(file: FileRecord) -> tuple[datetime, str]:
    return file.promoted_at or _BEFORE_ALL, file.filename
