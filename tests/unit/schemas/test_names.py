import pytest

from schemas.layout import core_metadata, file_address, incoming_parts, record, record_project
from schemas.names import (
    Filename,
    InvalidFilename,
    checked_filename,
    display_name,
    normalize_project,
    normalize_version,
    parse_filename,
    try_normalize_project,
    usual_spelling,
)


@pytest.mark.parametrize(
    ("filename", "parsed"),
    [
        ("acme-1.0-py3-none-any.whl", ("acme", "1.0")),
        ("Acme_Tools-1.0.0-1-py2.py3-none-any.whl", ("acme-tools", "1.0.0")),
        ("zope.interface-5.4.0-cp39-cp39-win_amd64.whl", ("zope-interface", "5.4.0")),
        ("acme-1!2.0+local.1-py3-none-any.whl", ("acme", "1!2.0+local.1")),
        ("acme-1.0.tar.gz", ("acme", "1.0")),
        ("acme_tools-1.0rc1.tar.gz", ("acme-tools", "1.0rc1")),
    ],
)
def test_a_file_name_states_project_and_version(filename: str, parsed: tuple[str, str]) -> None:
    assert parse_filename(filename) == parsed


@pytest.mark.parametrize(
    "filename",
    [
        "",
        "acme",
        "acme-1.0.zip",
        "acme-1.0-py3-none-any.WHL",
        "acme-1.0.whl",
        "acme.tar.gz",
        "../acme-1.0.tar.gz",
        "acmé-1.0.tar.gz",
        "acme-1.0\n.tar.gz",
        "acme-one-py3-none-any.whl",
        "a" * 300 + "-1.0.tar.gz",
        "acme_-1.0.tar.gz",
        "acme.-1.0-py3-none-any.whl",
        f"acme-1.0-{'.'.join('p' * 11)}-{'.'.join('n' * 11)}-{'.'.join('a' * 11)}.whl",
    ],
)
def test_other_file_names_are_invalid(filename: str) -> None:
    with pytest.raises(InvalidFilename):
        parse_filename(filename)


def test_projects_and_versions_are_normalised() -> None:
    assert normalize_project("Zope.Interface__x") == "zope-interface-x"
    assert normalize_version("v1.0-Beta.2") == "1.0b2"


@pytest.mark.parametrize("name", ["", "-acme", "acme-", "a b", "acme\n"])
def test_illegal_project_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no legal project name"):
        normalize_project(name)


def test_illegal_versions_are_refused() -> None:
    with pytest.raises(ValueError, match="no PEP 440 version"):
        normalize_version("newest")


@pytest.mark.parametrize(
    ("filename", "name"),
    [("Acme_Tools-1.0-py3-none-any.whl", "Acme_Tools"), ("acme-tools-1.0.tar.gz", "acme-tools")],
)
def test_the_display_name_is_the_file_names_own(filename: str, name: str) -> None:
    assert display_name(Filename(filename)) == name


def test_the_publisher_is_the_first_segment_and_the_file_name_the_last() -> None:
    assert incoming_parts("acme/42/deep/acme-1.0.tar.gz") == ("acme", "acme-1.0.tar.gz")
    assert incoming_parts("acme-1.0.tar.gz") == ("", "acme-1.0.tar.gz")


def test_a_files_address_is_percent_encoded() -> None:
    filename = checked_filename("acme-1!2.0+cu1-py3-none-any.whl")
    assert file_address(filename) == "/packages/acme-1%212.0%2Bcu1-py3-none-any.whl"
    assert core_metadata(filename) == "acme-1!2.0+cu1-py3-none-any.whl.metadata"


def test_a_project_is_spelled_with_underscores_in_file_names() -> None:
    assert usual_spelling(normalize_project("Zope.Interface")) == "zope_interface"


def test_a_record_states_its_project() -> None:
    project = normalize_project("zope-interface")
    assert record_project(record(project)) == project


@pytest.mark.parametrize(("name", "project"), [("Acme", "acme"), ("a b", None)])
def test_an_illegal_name_is_no_project(name: str, project: str | None) -> None:
    assert try_normalize_project(name) == project
