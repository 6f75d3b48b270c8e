"""Releases of a project: offered files, equivalent files, and revisions of their pages."""

from schemas.releases.offered_files import (
    choose_latest_file,
    find_latest_file,
    find_register,
    find_release,
    find_yank,
    get_status,
    is_removed,
    list_blocked_filenames,
    list_offered_files,
    list_quarantined_releases,
    rank_file,
    rank_register,
)
from schemas.releases.page_revisions import (
    accumulate_revisions,
    find_release_revision,
    is_page_current,
    list_releases,
)

__all__ = [
    "accumulate_revisions",
    "choose_latest_file",
    "find_latest_file",
    "find_register",
    "find_release",
    "find_release_revision",
    "find_yank",
    "get_status",
    "is_page_current",
    "is_removed",
    "list_blocked_filenames",
    "list_offered_files",
    "list_quarantined_releases",
    "list_releases",
    "rank_file",
    "rank_register",
]
