"""Revisions that the pages for people need: of a project, of each release, and of long lists.

The page of a release depends on the files and registers of the release and on the project's status,
not on other releases. It needs the revision at which one of these changed last.

A page has its needed revision as ``record-revision``. It is current exactly if both are equal. In
the protocol of pages (list the pages, *then* read the record) a page with a higher revision than
needed is from a record that was lost: an operator restored an older version. Such a page is written
again, also after later commits to the restored record.

A full page of the history depends on the events up to its end, and such a page of the list of
releases on the releases up to its end. It needs the highest revision of their releases. That of the
releases on the page is not enough, because an event before the page moves its lines. So a change of
these events needs a trace: each event comes after a file of its release, and files stay.
"""

from collections.abc import Iterable
from itertools import accumulate

from schemas.names import Version
from schemas.records import ProjectRecord
from schemas.releases.offered_files import find_release


def find_release_revision(record: ProjectRecord, release: Version) -> int:
    """Return the revision that the page of a release needs, and has as ``record-revision``.

    It is the revision of the record for a release that is not in ``changed``. It is that for every
    release if ``changed`` is not complete.

    :param release: any spelling of the version; 1.0 and 1.0.0 are the same release.
    """
    if record.changed_at != record.revision:
        return record.revision
    return record.changed.get(find_release(release), record.revision)


def accumulate_revisions(record: ProjectRecord, releases: Iterable[Version | None]) -> list[int]:
    """Return for each of ``releases`` the highest revision of it and those before it.

    :param releases: releases of the lines of a list, the oldest line first; None for a command on
        the project, which changes all releases.
    """
    revisions = (find_release_revision(record, each) if each else 0 for each in releases)
    return list(accumulate(revisions, max))


def is_page_current(page_revision: int | None, needed: int) -> bool:
    """Return whether a page can be skipped.

    :param page_revision: its ``record-revision``, listed before the record was read; None if the
        page is absent or has no revision.
    :param needed: :func:`find_release_revision`, or the record's revision for pages of the project.
    """
    return page_revision == needed


def list_releases(record: ProjectRecord) -> list[Version]:
    """Return all releases with files, including removed files, sorted as text."""
    versions = {file.version for file in record.files.values()}
    return sorted(set(map(find_release, versions)))
