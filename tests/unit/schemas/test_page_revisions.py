"""Revisions that the pages for people need (`schemas.releases.page_revisions`)."""

import pytest

from schemas.names import Version
from schemas.records import ProjectRecord
from schemas.releases import find_release_revision, is_page_current, list_releases
from testing.fakes.examples import make_file_record

FILES = {
    file.filename: file
    for file in map(
        make_file_record,
        ("acme-1.0-py3-none-any.whl", "acme-1.0.0.tar.gz", "acme-2.0rc1-py3-none-any.whl"),
    )
}


def make_record(revision: int, changed_at: int | None, **changed: int) -> ProjectRecord:
    facts = {"project": "acme", "revision": revision, "files": FILES, "changed_at": changed_at}
    versions = {"one": "1", "two": "2rc1"}
    given = {versions[name]: value for name, value in changed.items()}
    return ProjectRecord.model_validate({**facts, "changed": given})


def test_a_release_needs_the_revision_of_its_last_change() -> None:
    record = make_record(9, 9, one=4, two=9)
    spellings = ("1", "1.0", "1.0.0", "2rc1", "2.0rc1")
    found = [find_release_revision(record, Version(release)) for release in spellings]
    assert found == [4, 4, 4, 9, 9]


@pytest.mark.parametrize("changed_at", [None, 8, 10])
def test_every_release_counts_as_changed_unless_changed_is_of_the_revision(
    changed_at: int | None,
) -> None:
    """An older indexer committed the record, and did not write ``changed`` or kept it as it was."""
    record = make_record(9, changed_at, one=4)
    assert find_release_revision(record, Version("1.0")) == 9


def test_a_release_without_a_change_needs_the_revision_of_the_record() -> None:
    assert find_release_revision(make_record(9, 9), Version("7")) == 9


@pytest.mark.parametrize(
    ("page", "needed", "current"), [(None, 4, False), (3, 4, False), (4, 4, True), (5, 4, False)]
)
def test_only_a_page_of_exactly_the_needed_revision_is_current(
    page: int | None, needed: int, current: bool
) -> None:
    """A page with a higher revision is from a record that was lost."""
    assert is_page_current(page, needed) is current


def test_the_releases_of_a_record_are_listed_once_without_trailing_zeros() -> None:
    assert list_releases(make_record(1, None)) == ["1", "2rc1"]
