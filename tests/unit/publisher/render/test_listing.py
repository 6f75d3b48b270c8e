import pytest

from publisher.render.listing import Listing, make_printable
from schemas.records import Registers
from testing.fakes.examples import make_file_record
from unit.publisher.publisher_fixtures import (
    HOSTILE,
    make_hostile_record,
    make_record,
    make_status,
    make_yank,
)


def list_filenames(listing: Listing) -> list[str]:
    return [file.facts.filename for file in listing.files]


def test_files_are_listed_by_release_then_upload_then_name_without_the_removed() -> None:
    assert list_filenames(Listing.from_record(make_hostile_record())) == [
        "ACME-0.7.post1-py3-none-any.whl",
        "acme-0.8.tar.gz",
        "acme-0.9-py3-none-any.whl",
        "acme-0.9.tar.gz",
        "acme-1.0rc1.tar.gz",
        "acme-1.0-1-py2.py3-none-any.whl",
        "acme-1.0+cu1-cp311-abi3.cp33m-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "acme-1!2.0-py3-none-any.whl",
    ]


def test_versions_are_each_named_once_in_the_order_of_pep_440() -> None:
    expected = ("0.7.post1", "0.8", "0.9", "1.0rc1", "1.0", "1.0+cu1", "1!2.0")
    assert Listing.from_record(make_hostile_record()).versions == expected


def test_a_quarantined_project_offers_nothing() -> None:
    listing = Listing.from_record(
        make_record(*HOSTILE, status=make_status("quarantined", "malware"))
    )
    assert (listing.files, listing.latest, listing.versions) == ((), None, ())
    assert (listing.status, listing.status_reason) == ("quarantined", "malware")


def test_a_quarantined_release_is_not_listed_and_the_status_of_the_project_stays() -> None:
    names = ("acme-1.0-py3-none-any.whl", "acme-2.0-py3-none-any.whl", "acme-2.0.0.tar.gz")
    statuses = {"2": make_status("quarantined", "malware")}
    listing = Listing.from_record(make_record(*names, release_status=statuses))
    assert list_filenames(listing) == ["acme-1.0-py3-none-any.whl"]
    assert (listing.versions, listing.status, listing.status_reason) == (("1.0",), "active", "")
    assert listing.latest is listing.files[0]


def test_the_reason_of_an_operator_precedes_that_of_an_uploader() -> None:
    ours = Registers.model_validate({"versions": {"1": make_yank("ours", at=9)}})
    theirs = Registers.model_validate({"files": {"acme-1.tar.gz": make_yank("theirs")}})
    for operators, expected in ((theirs, "theirs"), (Registers(), "ours")):
        record = make_record("acme-1.tar.gz", yanked=operators, yanked_by_uploaders=ours)
        assert [file.yanked for file in Listing.from_record(record).files] == [expected]


def test_a_wheel_represents_a_release_even_if_the_sdist_came_later() -> None:
    listing = Listing.from_record(make_record("acme-1.0-py3-none-any.whl", "acme-1.0.tar.gz"))
    assert listing.latest is not None
    assert listing.latest.facts.filename == "acme-1.0-py3-none-any.whl"


def test_a_final_release_is_the_latest_even_if_a_prerelease_is_newer() -> None:
    listing = Listing.from_record(
        make_record("acme-2.0rc1-py3-none-any.whl", "acme-1.0-py3-none-any.whl")
    )
    assert listing.latest is not None
    assert listing.latest.facts.version == "1.0"


@pytest.mark.parametrize("reason", [None, "", " \r\n", "yanked", " Yanked "])
def test_a_reason_that_says_nothing_is_none(reason: str | None) -> None:
    """Records of 0.2.0 and older releases have the reason ``yanked`` by default."""
    yanked = Registers.model_validate({"versions": {"1": make_yank(reason)}})
    listing = Listing.from_record(make_record("acme-1.tar.gz", yanked=yanked))
    assert [file.yanked for file in listing.files] == [""]


def test_a_reason_that_contains_the_word_yanked_is_kept() -> None:
    yanked = Registers.model_validate({"versions": {"1": make_yank("yanked by the authors")}})
    listing = Listing.from_record(make_record("acme-1.tar.gz", yanked=yanked))
    assert [file.yanked for file in listing.files] == ["yanked by the authors"]


def test_a_yanked_file_represents_a_release_only_without_others() -> None:
    yanked = Registers.model_validate({"versions": {"2.0": make_yank()}})
    two = make_record("acme-1.0-py3-none-any.whl", "acme-2.0-py3-none-any.whl", yanked=yanked)
    one = make_record("acme-2.0-py3-none-any.whl", yanked=yanked)
    latest = [listing.latest for listing in map(Listing.from_record, (two, one))]
    assert [file and file.facts.version for file in latest] == ["1.0", "2.0"]


def test_a_yank_keeps_its_reason_and_one_without_is_still_a_yank() -> None:
    yanked = Registers.model_validate(
        {"versions": {"1": make_yank("broken"), "2": make_yank(), "3": make_yank("")}}
    )
    files = ("acme-1.tar.gz", "acme-2.tar.gz", "acme-3.tar.gz", "acme-4.tar.gz")
    listing = Listing.from_record(make_record(*files, yanked=yanked))
    assert [file.yanked for file in listing.files] == ["broken", "", "", None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        (" two\r\nlines\tand \x00\x1b[31m ", "two lines and [31m"),
        ("right\u202eto left\ufffe", "right to left"),
        ("naïve 日本 🐍", "naïve 日本 🐍"),
        ("\n", ""),
    ],
)
def test_text_is_brought_to_one_printable_line(text: str, expected: str) -> None:
    assert make_printable(text) == expected


def test_a_blank_requires_python_is_left_out() -> None:
    file = make_file_record("acme-1.tar.gz", requires_python=" ")
    listing = Listing.from_record(make_record(files={file.filename: file}))
    assert listing.files[0].requires_python is None
