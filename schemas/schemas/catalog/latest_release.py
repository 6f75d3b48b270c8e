"""Facts of the latest release for the catalog: required projects and keywords."""

import re
from collections.abc import Iterable, Sequence

from packaging.utils import canonicalize_name

from schemas.names import ProjectName
from schemas.records import FileRecord
from schemas.releases import find_release

_NAME = re.compile(r"\s*([A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?)", re.IGNORECASE | re.ASCII)
"""Name at the beginning of a requirement (PEP 508).

Ingest validated each requirement with ``packaging``. A release can have 100,000 of them, so they
are not parsed again at each commit.
"""
_EXTRA = re.compile(r";.*\bextra\b", re.DOTALL)
"""Marker of a requirement that belongs to an extra."""


def list_files_of_release(offered: Iterable[FileRecord], latest: FileRecord) -> list[FileRecord]:
    """Return the offered files of the release of ``latest``, in their order."""
    files = list(offered)
    release = find_release(latest.version)
    versions = {v for v in {file.version for file in files} if find_release(v) == release}
    return [file for file in files if file.version in versions]


def list_required_projects(files: Sequence[FileRecord]) -> list[ProjectName]:
    """Return the projects that the files of a release require, those of extras last.

    The order is that of the metadata; the project itself is left out.
    """
    written = dict.fromkeys(line for file in files for line in file.requires_dist)
    lines = sorted(written, key=lambda line: _EXTRA.search(line) is not None)
    found = (_NAME.match(line) for line in lines)
    names = dict.fromkeys(ProjectName(canonicalize_name(each[1])) for each in found if each)
    return [name for name in names if name != files[0].project]


def choose_keywords(files: Sequence[FileRecord]) -> tuple[str, ...]:
    """Return the keywords of the newest file of a release that has some."""
    return next((file.keywords for file in reversed(files) if file.keywords), ())


def join_values(values: Iterable[str], max_size: int) -> str:
    """Join values with commas, without those that do not fit into ``max_size`` bytes of UTF-8."""
    kept, size = list[str](), -1
    for value in values:
        if size + len(value.encode()) + 1 <= max_size:
            kept.append(value)
            size += len(value.encode()) + 1
    return ",".join(kept)


def split_values(text: str) -> tuple[str, ...]:
    """Split the values of :func:`join_values`."""
    return tuple(text.split(",")) if text else ()
