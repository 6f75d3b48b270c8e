import pytest

from publisher.site.release_files import list_release_files
from publisher.site.status_notices import Notice, list_notices
from testing.fakes.examples import NOON, make_file_record
from testing.sample_content import (
    make_content,
    make_ordinary_content,
    make_record,
    make_registers,
    make_special_contents,
)


@pytest.mark.parametrize(
    ("project", "kind", "title", "reason", "author"),
    [
        (
            "acme-yanked",
            "warning",
            "This release is yanked.",
            "Areas of polygons with holes are wrong; use 2.4.1",
            "acme",
        ),
        ("acme-removed", "danger", "This release is removed.", "", "operators/ada"),
        (
            "acme-quarantined",
            "danger",
            "This project is quarantined.",
            "A stolen credential",
            "operators/ada",
        ),
        ("acme-held", "danger", "This release is quarantined.", "Under review", "operators/ada"),
        ("acme-archived", "warning", "This project is archived.", "", "operators/ada"),
        (
            "acme-deprecated",
            "warning",
            "This project is deprecated.",
            "Use acme-geometry",
            "operators/ada",
        ),
        ("acme-pre", "info", "This is a pre-release.", "", ""),
    ],
)
def test_each_status_has_a_notice(
    project: str, kind: str, title: str, reason: str, author: str
) -> None:
    content = make_special_contents()[project]
    (notice,) = list_notices(content, list_release_files(content))
    time = NOON if author else None
    assert notice == Notice(kind, title, notice.text, reason, author, time)


def test_an_ordinary_release_has_no_notice() -> None:
    content = make_ordinary_content()
    assert list_notices(content, list_release_files(content)) == []


def test_a_yank_of_some_files_names_their_number() -> None:
    names = ("acme-1.0-py3-none-any.whl", "acme-1.0.tar.gz")
    register = make_registers("1.0")["versions"]
    assert isinstance(register, dict)
    yanked = {"files": {names[1]: register["1.0"]}}
    record = make_record("acme", [make_file_record(name) for name in names], yanked=yanked)
    content = make_content(record, "1.0")
    (notice,) = list_notices(content, list_release_files(content))
    assert (notice.title, notice.author) == ("1 of 2 files are yanked.", "an operator")


def test_the_former_reason_of_a_yank_without_a_reason_is_not_shown() -> None:
    record = make_record("acme", [make_file_record()], yanked=make_registers("1.0", "Yanked"))
    content = make_content(record, "1.0")
    (notice,) = list_notices(content, list_release_files(content))
    assert notice.reason == ""
