import pytest

from publisher.site.release_files import (
    format_size,
    list_filters,
    list_release_files,
    sort_for_page,
)
from testing.fakes.examples import NOON, make_file_record
from testing.sample_content import (
    make_content,
    make_ordinary_content,
    make_record,
    make_registers,
    make_special_contents,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_370_000, "2.4 MB"),
        (5 * 10**16, "50000 TB"),
    ],
)
def test_sizes_have_decimal_units(size: int, text: str) -> None:
    assert format_size(size) == text


def test_only_the_files_of_the_release_are_listed() -> None:
    files = list_release_files(make_ordinary_content())
    assert len(files) == 11
    assert {file.facts.version for file in files} == {"2.4.1"}


def test_equal_versions_are_one_release() -> None:
    names = ("acme-1.0-py3-none-any.whl", "acme-1.0.0-cp313-cp313-win_amd64.whl")
    record = make_record("acme", [make_file_record(name) for name in names])
    assert len(list_release_files(make_content(record, "1.0"))) == 2


@pytest.mark.parametrize(
    ("project", "state"),
    [
        ("acme-yanked", "offered"),
        ("acme-removed", "removed"),
        ("acme-quarantined", "quarantined"),
        ("acme-held", "quarantined"),
        ("acme-archived", "offered"),
    ],
)
def test_each_file_has_a_state(project: str, state: str) -> None:
    (file,) = list_release_files(make_special_contents()[project])
    assert file.state == state


def test_an_unlisted_file_names_the_listed_one() -> None:
    names = ("acme-1.0-py2.py3-none-any.whl", "acme-1.0-py3.py2-none-any.whl")
    files = [make_file_record(name, promoted_at=NOON) for name in names]
    listed, unlisted = list_release_files(make_content(make_record("acme", files), "1.0"))
    assert (listed.state, listed.facts.filename, listed.equivalent) == ("offered", names[0], "")
    assert (unlisted.state, unlisted.equivalent) == ("unlisted", names[0])


def test_the_page_has_the_sdist_and_then_the_wheels_by_name_and_number() -> None:
    """Files that were uploaded at once have arbitrary times. A removed file is last."""
    names = [
        "acme-1.0.tar.gz",
        "acme-1.0-cp39-cp39-win_amd64.whl",
        "acme-1.0-cp311-cp311-macosx_11_0_arm64.whl",
        "acme-1.0-cp311-cp311-win_amd64.whl",
        "acme-1.0-py3-none-any.whl",
        "acme-1.0-cp38-cp38-win_amd64.whl",
    ]
    shuffled = [make_file_record(name) for name in names[::2] + names[1::2]]
    removed = {"files": make_registers(names[-1])["versions"]}
    content = make_content(make_record("acme", shuffled, removed=removed), "1.0")
    files = sort_for_page(list_release_files(content))
    assert [file.facts.filename for file in files] == names


def test_a_yank_has_its_author_and_reason() -> None:
    yanked = make_registers("1.0", "wrong areas", issued_by="acme")
    record = make_record("acme", [make_file_record()], yanked_by_uploaders=yanked)
    (file,) = list_release_files(make_content(record, "1.0"))
    assert file.yank is not None
    assert (file.yank.issued_by, file.yank.reason) == ("acme", "wrong areas")


def test_filters_offer_each_tag_once() -> None:
    assert list_filters(list_release_files(make_ordinary_content())) == [
        ("Python", ["cp311", "cp312", "cp313"]),
        ("ABI", ["cp311", "cp312", "cp313", "cp313t"]),
        (
            "Platform",
            [
                "macosx_11_0_arm64",
                "manylinux2014_x86_64",
                "manylinux_2_17_x86_64",
                "musllinux_1_2_x86_64",
                "win_amd64",
            ],
        ),
    ]
