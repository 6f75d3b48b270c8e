"""Equivalent files (`schemas.names`, `schemas.releases.equivalence`)."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import parse_wheel_filename

from schemas.names import ProjectName, derive_equivalence
from schemas.records import FileRecord, ProjectRecord
from schemas.releases import find_latest_file, list_blocked_filenames, list_offered_files
from schemas.releases.equivalence import find_equivalent, find_unlisted
from testing.fakes.examples import make_file_record, make_time

FIRST = make_file_record("acme-1.0-py3-none-any.whl", promoted_at=make_time(1))
SECOND = make_file_record("acme-1.0.0-py3-none-any.whl", promoted_at=make_time(2))
THIRD = make_file_record("Acme-1-py3-none-any.whl", promoted_at=make_time(3))
OLD = make_file_record("acme-1.0.0.0-py3-none-any.whl")
OLDER = make_file_record("ACME-1.0-py3-none-any.whl")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("acme-1.0-py3-none-any.whl", "acme-1.0.0-py3-none-any.whl"),
        ("acme-1.0-py3-none-any.whl", "Acme-1-py3-none-any.whl"),
        ("acme-1.0-py3-none-any.whl", "acme-v1.0-py3-none-any.whl"),
        ("acme-1.0-py3-none-any.whl", "acme-0!1.0-py3-none-any.whl"),
        ("acme-1.0-py3-none-any.whl", "acme-01.00-py3-none-any.whl"),
        ("acme-1.0-py3-none-any.whl", "acme-1.0-PY3-None-Any.whl"),
        ("acme-1.0-py3-none-any.whl", "acme-1.0-py3.py3-none-any.whl"),
        ("acme-1.0rc1-py3-none-any.whl", "acme-1.0.RC.1-py3-none-any.whl"),
        ("acme-1.0a1-py3-none-any.whl", "acme-1.0alpha1-py3-none-any.whl"),
        ("acme-1.0.post1-py3-none-any.whl", "acme-1.rev1-py3-none-any.whl"),
        ("acme-1.0+cu.1-py3-none-any.whl", "acme-1+CU_1-py3-none-any.whl"),
        ("acme-1.0-1-py3-none-any.whl", "acme-1.0.0-01-py3-none-any.whl"),
        ("acme-1.0-py2.py3-none-any.whl", "acme-1.0-py3.py2-none-any.whl"),
        (
            "acme-1.0-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            "acme-1.0.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        ),
        ("my_pkg-1.0-py3-none-any.whl", "My.Pkg-1.0-py3-none-any.whl"),
        ("acme-1.0.tar.gz", "acme-1.0.0.tar.gz"),
        ("my_pkg-1.0.tar.gz", "My-Pkg-1.0.tar.gz"),
        ("a-1-2.tar.gz", "a_1-2.0.tar.gz"),
    ],
)
def test_names_of_one_release_and_tag_set_are_equivalent(one: str, other: str) -> None:
    assert find_equivalent(one, ["else-1.0.tar.gz", other]) == other
    assert find_equivalent(other, [one]) == one


@pytest.mark.parametrize(
    "other",
    [
        "acme-1.0-py3-none-any.whl",
        "acme-1.1-py3-none-any.whl",
        "acme-1.0.post0-py3-none-any.whl",
        "acme-1.0+1-py3-none-any.whl",
        "acme-1!1.0-py3-none-any.whl",
        "acme-1.0-1-py3-none-any.whl",
        "acme-1.0-py2.py3-none-any.whl",
        "acme-1.0-py3-none-win32.whl",
        "acme-1.0.tar.gz",
        "acme-1.0.zip",
        "acme-1.0-py3-none-any.whl.metadata",
        "acme-1.0-x-py3-none-any.whl",
        "acme-1.0-1-2-py3-none-any.whl",
        "acme-any.whl",
        "acme-nonsense-py3-none-any.whl",
        "acme2-1.0-py3-none-any.whl",
        "README",
    ],
)
def test_other_names_are_not_equivalent(other: str) -> None:
    assert find_equivalent("acme-1.0-py3-none-any.whl", [other]) is None


WHEEL_NAMES = st.builds(
    "{}-{}{}-{}-{}-{}.whl".format,
    st.sampled_from(["acme", "Acme", "a_cme"]),
    st.sampled_from(["1", "1.0", "1.0.0", "1.0rc1", "1.0.RC1", "2"]),
    st.sampled_from(["", "-1", "-01", "-1a", "-1A"]),
    st.sampled_from(["py3", "PY3", "py3.py3", "py2.py3", "py3.py2"]),
    st.sampled_from(["none", "abi3.none", "none.abi3"]),
    st.sampled_from(["any", "win32", "win32.any", "any.win32"]),
)


@given(WHEEL_NAMES, WHEEL_NAMES)
def test_wheels_are_equivalent_exactly_if_packaging_reads_the_same(one: str, other: str) -> None:
    equal = parse_wheel_filename(one) == parse_wheel_filename(other)
    assert (derive_equivalence(one) == derive_equivalence(other)) is equal


def make_record(*files: FileRecord) -> ProjectRecord:
    facts = {file.filename: file for file in files}
    return ProjectRecord(project=ProjectName("acme"), revision=1, files=facts)


def test_the_file_that_was_promoted_first_is_listed_for_any_order_of_arrival() -> None:
    for order in permutations((FIRST, SECOND, THIRD)):
        assert list_offered_files(make_record(*order)) == [FIRST]
        assert find_unlisted(order) == {
            SECOND.filename: FIRST.filename,
            THIRD.filename: FIRST.filename,
        }


def test_of_two_files_promoted_at_once_the_first_name_is_listed() -> None:
    together = SECOND.model_copy(update={"promoted_at": FIRST.promoted_at})
    assert list_offered_files(make_record(together, FIRST)) == [FIRST]


def test_files_that_are_older_than_the_rule_stay_listed() -> None:
    for order in permutations((OLD, OLDER, FIRST)):
        assert list_offered_files(make_record(*order)) == [OLDER, OLD]
        assert find_unlisted(order) == {FIRST.filename: OLDER.filename}


def test_a_removed_file_frees_no_name() -> None:
    register = {"issued_at": make_time(9), "command_id": "c", "value": True}
    removed = {"files": {FIRST.filename: register}}
    record = ProjectRecord.model_validate(
        {**make_record(FIRST, SECOND).model_dump(), "removed": removed}
    )
    assert list_offered_files(record) == []
    assert list_blocked_filenames(record) == (FIRST.filename,)


def test_an_unlisted_file_represents_no_release() -> None:
    assert find_latest_file(make_record(SECOND, FIRST)) == FIRST


def test_wheels_sdists_and_build_numbers_of_a_release_are_listed_together() -> None:
    files = [
        make_file_record(name, promoted_at=make_time(1))
        for name in ("acme-1.0-1-py3-none-any.whl", "acme-1.0-py3-none-any.whl", "acme-1.0.tar.gz")
    ]
    assert list_offered_files(make_record(*files)) == files


def test_the_facts_of_an_older_writer_are_readable_and_older_than_the_rule() -> None:
    new = {"promoted_at", "run", "facts_version", "pkg_info_sha256"}
    written = FIRST.model_dump(mode="json", exclude=new)
    expected = {"promoted_at": None, "run": None, "facts_version": 1, "pkg_info_sha256": None}
    assert FileRecord.model_validate(written) == FIRST.model_copy(update=expected)
