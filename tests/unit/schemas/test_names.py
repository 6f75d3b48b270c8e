"""Names of projects, versions and files (`schemas.names`), and object names (`schemas.layout`)."""

import pytest

from schemas.layout import (
    format_file_link,
    format_file_path,
    locate_core_metadata,
    locate_record,
    parse_record_name,
    split_incoming_name,
)
from schemas.names import (
    Filename,
    InvalidFilename,
    escape_project,
    normalize_project,
    normalize_version,
    parse_display_name,
    parse_filename,
    try_normalize_project,
    validate_filename,
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
        ("My-Pkg-1.0.tar.gz", ("my-pkg", "1.0")),
        ("my.pkg-01.0.tar.gz", ("my-pkg", "1.0")),
        ("acme-1.0-beta.tar.gz", ("acme", "1.0b0")),
        ("a-1-2.tar.gz", ("a-1", "2")),
    ],
)
def test_a_file_name_has_project_and_version(filename: str, parsed: tuple[str, str]) -> None:
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
def test_invalid_project_names_are_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="not a valid project name"):
        normalize_project(name)


def test_invalid_versions_are_rejected() -> None:
    with pytest.raises(ValueError, match="not a PEP 440 version"):
        normalize_version("newest")


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("Acme_Tools-1.0-py3-none-any.whl", "Acme_Tools"),
        ("acme-tools-1.0.tar.gz", "acme-tools"),
        ("Acme-1.0-beta.tar.gz", "Acme"),
    ],
)
def test_the_display_name_has_the_spelling_of_the_file_name(filename: str, name: str) -> None:
    assert parse_display_name(Filename(filename)) == name


def test_the_uploader_is_the_first_segment_and_the_file_name_the_last() -> None:
    assert split_incoming_name("acme/42/deep/acme-1.0.tar.gz") == ("acme", "acme-1.0.tar.gz")
    assert split_incoming_name("acme-1.0.tar.gz") == ("", "acme-1.0.tar.gz")


def test_the_url_path_of_a_file_is_percent_encoded() -> None:
    filename = validate_filename("acme-1!2.0+cu1-py3-none-any.whl")
    assert format_file_path(filename) == "/packages/acme-1%212.0%2Bcu1-py3-none-any.whl"

    assert locate_core_metadata(filename) == "acme-1!2.0+cu1-py3-none-any.whl.metadata"


def test_the_link_to_a_file_is_relative_and_percent_encoded() -> None:
    filename = validate_filename("acme-1!2.0+cu1-py3-none-any.whl")
    assert format_file_link(filename) == "../../packages/acme-1%212.0%2Bcu1-py3-none-any.whl"


def test_a_project_is_escaped_with_underscores_in_file_names() -> None:
    assert escape_project(normalize_project("Zope.Interface")) == "zope_interface"


def test_the_name_of_a_record_has_its_project() -> None:
    project = normalize_project("zope-interface")
    assert parse_record_name(locate_record(project)) == project


@pytest.mark.parametrize(("name", "project"), [("Acme", "acme"), ("a b", None)])
def test_an_invalid_name_gives_no_project(name: str, project: str | None) -> None:
    assert try_normalize_project(name) == project
