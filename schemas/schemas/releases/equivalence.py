"""Equivalent files: one release, build number and tag set under two file names.

Installers choose differently between two such files, so a project lists one of them. A release has
at most one sdist.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version as ParsedVersion

from schemas.names import Filename, parse_filename
from schemas.records import FileRecord

_BUILD = re.compile(r"([0-9]+)(.*)")
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

_parse_version = lru_cache(1024)(ParsedVersion)
_normalize_project = lru_cache(1024)(canonicalize_name)


class Equivalence(NamedTuple):
    """Common key of all equivalent file names."""

    project: str
    """Normalised name of the project."""
    release: ParsedVersion
    """Version; equal versions of PEP 440 are one release."""
    build: tuple[int, str] | None
    """Build number of a wheel; None without one."""
    tags: tuple[frozenset[str], ...]
    """Python, ABI and platform tags of a wheel; empty for an sdist."""


def derive_equivalence(filename: str) -> Equivalence | None:
    """Return the key of a file name; None if it is neither a wheel nor a ``.tar.gz`` sdist."""
    try:
        if filename.endswith(".whl"):
            return _derive_wheel(filename)
        if filename.endswith(".tar.gz"):
            project, version = parse_filename(filename)
            return Equivalence(project, _parse_version(version), None, ())
    except ValueError:  # also of packaging
        pass
    return None


def _derive_wheel(filename: str) -> Equivalence | None:
    """Derive the key without the expansion of the tag set, which can have 1000 tags.

    Expanded tag sets are equal exactly if the sets of Python, ABI and platform tags are equal.
    """
    project, version, *build, python, abi, platform = filename.removesuffix(".whl").split("-")
    number = _BUILD.fullmatch(build[0]) if len(build) == 1 else None
    if build and number is None:
        return None
    return Equivalence(
        project=_normalize_project(project),
        release=_parse_version(version),
        build=(int(number[1]), number[2]) if number else None,
        tags=tuple(frozenset(tags.lower().split(".")) for tags in (python, abi, platform)),
    )


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
