"""Releases that a commit changes, for the pages of releases.

A commit compares the record before and after the merge. A changed release gets the revision of the
commit. Every release gets it after a command for the whole project, and if ``changed`` was not
complete before: the record is new, or an older indexer committed it.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from schemas.names import Version
from schemas.records import ProjectRecord, Registers
from schemas.releases import find_release, list_releases

Key = TypeVar("Key", bound=str)
Value = TypeVar("Value")


def record_changes(before: ProjectRecord, after: ProjectRecord) -> ProjectRecord:
    """Return ``after``, which has its new revision, with the revisions of all its releases.

    :param before: the record that the commit read; revision 0 if there is none.
    """
    if before.changed_at != before.revision or before.status != after.status:
        changed = dict.fromkeys(list_releases(after), after.revision)
    else:
        releases = sorted(set(_iterate_changed(before, after)))
        changed = {**before.changed, **dict.fromkeys(releases, after.revision)}
    return after.model_copy(update={"changed": changed, "changed_at": after.revision})


def _iterate_changed(before: ProjectRecord, after: ProjectRecord) -> Iterator[Version]:
    for filename in _list_differences(before.files, after.files):
        yield find_release(after.files[filename].version)
    yield from _list_differences(before.release_status, after.release_status)
    for old, new in (
        (before.yanked, after.yanked),
        (before.yanked_by_uploaders, after.yanked_by_uploaders),
        (before.removed, after.removed),
    ):
        yield from _iterate_marked(old, new, after)


def _iterate_marked(old: Registers, new: Registers, after: ProjectRecord) -> Iterator[Version]:
    yield from _list_differences(old.versions, new.versions)
    for filename in _list_differences(old.files, new.files):
        yield find_release(after.files[filename].version)


def _list_differences(old: Mapping[Key, Value], new: Mapping[Key, Value]) -> list[Key]:
    """Return the keys of ``new`` with another value in ``old``; the merge removes no key.

    The merge copies unchanged values by reference, so almost all comparisons are quick.
    """
    if old is new:
        return []
    return [key for key, value in new.items() if old.get(key) is not value]
