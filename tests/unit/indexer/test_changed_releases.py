from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.changed_releases import record_changes
from indexer.issued_command import IssuedCommand
from indexer.merge import Change, advance_revision, create_record, merge
from schemas.events import ProjectCommand
from schemas.names import ProjectName, Version
from schemas.records import FileRecord, ProjectRecord, Registers
from schemas.releases import find_release, find_release_revision, list_releases
from testing.calls import count_calls
from testing.fakes.examples import NOON, make_file_record, make_time

ACME = ProjectName("acme")
WHEEL = make_file_record("acme-1.0-py3-none-any.whl")
SDIST = make_file_record("acme-1.0.0.tar.gz")
NEXT = make_file_record("acme-2.0-py3-none-any.whl")
LATE = make_file_record("acme-3.0-py3-none-any.whl")
MENDED = make_file_record("acme-1.0.0.tar.gz", requires_python=">=3.12", facts_version=2)


def issue(action: str, at: float = 0, by: str | None = None, **fields: object) -> IssuedCommand:
    command = ProjectCommand.model_validate({"action": action, "project": "acme", **fields})
    until = NOON + timedelta(minutes=10)
    return IssuedCommand(command, f"c{at}", make_time(at), until, issued_by=by)


def commit(record: ProjectRecord, *changes: Change) -> ProjectRecord:
    """Return the record after a commit, as the indexer writes it."""
    after, _ = merge(record, changes, NOON)
    return after if after == record else record_changes(record, advance_revision(after, NOON))


def start(*files: FileRecord) -> ProjectRecord:
    return commit(create_record(ACME), *files)


def list_changed(before: ProjectRecord, after: ProjectRecord) -> list[Version]:
    """Return the releases with the new revision; the others have their former one."""
    assert after.changed_at == after.revision > before.revision
    assert after.changed.keys() == set(list_releases(after))
    changed = [key for key, revision in after.changed.items() if revision == after.revision]
    kept = {key: revision for key, revision in after.changed.items() if key not in changed}
    assert kept == {key: before.changed[key] for key in kept}
    return sorted(changed)


def test_all_releases_of_a_new_record_are_changed() -> None:
    assert list_changed(create_record(ACME), start(WHEEL, SDIST, NEXT)) == ["1", "2"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (LATE, ["3"]),
        (MENDED, ["1"]),
        (issue("yank", version="1.0"), ["1"]),
        (issue("yank", filename=SDIST.filename), ["1"]),
        (issue("yank", by="ci", version="2.0"), ["2"]),
        (issue("unyank", filename=NEXT.filename), ["2"]),
        (issue("remove", version="2"), ["2"]),
        (issue("restore", filename=WHEEL.filename), ["1"]),
        (issue("set-status", version="2.0.0", status="quarantined"), ["2"]),
        (issue("set-status", status="deprecated", reason="moved"), ["1", "2"]),
    ],
)
def test_a_change_counts_for_its_release_or_for_the_project(
    change: Change, expected: Sequence[str]
) -> None:
    before = start(WHEEL, SDIST, NEXT)
    assert list_changed(before, commit(before, change)) == expected


def test_the_changes_of_a_group_are_added_up() -> None:
    before = start(WHEEL, NEXT)
    after = commit(before, LATE, issue("yank", version="1.0"), LATE)
    assert list_changed(before, after) == ["1", "3"]


def test_a_change_that_failed_does_not_count() -> None:
    before = start(WHEEL, NEXT)
    other = WHEEL.model_copy(update={"sha256": "c" * 64})
    assert list_changed(before, commit(before, other, LATE)) == ["3"]


@pytest.mark.parametrize("maintained", [None, 1])
def test_all_releases_are_changed_after_a_commit_of_an_older_indexer(
    maintained: int | None,
) -> None:
    """It drops both fields, or keeps them as unknown fields with their old values."""
    before = start(WHEEL, NEXT)
    stale = advance_revision(before.model_copy(update={"changed_at": maintained}), NOON)
    assert list_changed(stale, commit(stale, LATE)) == ["1", "2", "3"]


def test_the_entries_of_releases_without_files_are_dropped_when_all_count_as_changed() -> None:
    strange = start(WHEEL).model_copy(update={"changed": {Version("9"): 1}, "changed_at": None})
    assert list_changed(strange, commit(strange, NEXT)) == ["1", "2"]


COMMANDS = [
    issue(action, at=at, by=by, **target)
    for at, by in ((1, None), (2, "ci"), (3, None))
    for action in ("yank", "unyank", "remove", "restore")
    for target in ({"version": "1.0"}, {"version": "2.0.0"}, {"filename": SDIST.filename})
] + [
    issue("set-status", at=at, status=status, **target)
    for at, status in ((1, "active"), (2, "quarantined"))
    for target in ({}, {"version": "1.0"}, {"version": "3"})
]


def describe(record: ProjectRecord, release: Version) -> object:
    """Return everything that the page of a release depends on."""
    files = {f.filename: f for f in record.files.values() if find_release(f.version) == release}

    def select(registers: Registers) -> object:
        own = {name: each for name, each in registers.files.items() if name in files}
        return own, registers.versions.get(release)

    kinds = map(select, (record.yanked, record.yanked_by_uploaders, record.removed))
    return files, *kinds, record.release_status.get(release), record.status


@given(
    st.lists(
        st.lists(st.sampled_from([WHEEL, SDIST, NEXT, LATE, MENDED, *COMMANDS]), max_size=4),
        max_size=8,
    )
)
def test_a_release_has_the_revision_of_the_last_commit_that_changed_it(
    groups: Sequence[Sequence[Change]],
) -> None:
    """Commands for the project also count if only the time or the author of its status changed."""
    record = create_record(ACME)
    expected = dict[Version, tuple[object, int]]()
    for group in groups:
        record = commit(record, *group)
        for release in list_releases(record):
            description = describe(record, release)
            if expected.get(release, (None, 0))[0] != description:
                expected[release] = description, record.revision
            assert find_release_revision(record, release) == expected[release][1]


def test_a_commit_to_a_large_record_parses_each_version_once() -> None:
    files = [make_file_record(f"acme-{n}.0-{k}-py3-none-any.whl") for n in range(90) for k in "123"]
    before = start(*files)
    assert list_changed(before, commit(before, LATE)) == ["3"]
    find_release.cache_clear()
    assert count_calls(lambda: record_changes(before, before)) < 100
    archived = commit(before, issue("set-status", status="archived"))
    calls = count_calls(lambda: record_changes(before, archived))
    assert calls < 30 * 90 + 5 * len(files)
