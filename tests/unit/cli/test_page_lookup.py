"""Search on the pages of an index, with suggestions."""

from collections.abc import Iterator

import pytest

from gcpypi.connection.index_client import IndexClient
from gcpypi.connection.page_lookup import require_file, require_project, require_release
from gcpypi.errors import CommandFailure, ExitCode
from unit.cli.loopback_index import LoopbackIndex, describe_file, serve_index

WHEEL = "acme_widgets-1.3-py3-none-any.whl"
SDIST = "acme_widgets-1.3.tar.gz"


@pytest.fixture
def index() -> Iterator[LoopbackIndex]:
    with serve_index() as started:
        started.add("acme-widgets", [describe_file(name) for name in (WHEEL, SDIST)])
        started.add("acme-many", [describe_file(f"acme_many-{n}.tar.gz") for n in range(1, 8)])
        started.add("acme-empty")
        yield started


def make_client(index: LoopbackIndex) -> IndexClient:
    return IndexClient.from_url(index.url, "token")


@pytest.mark.parametrize("spelling", ["acme-widgets", "Acme_Widgets"])
def test_a_project_is_found_in_each_spelling(spelling: str, index: LoopbackIndex) -> None:
    assert require_project(make_client(index), spelling).project == "acme-widgets"


@pytest.mark.parametrize(
    ("project", "hint"),
    [
        ("acme-widgest", "did you mean acme-widgets?"),
        ("zebra", "gcpypi list prints all projects"),
        ("a b", "'a b' is not a valid project name"),
    ],
)
def test_an_absent_project_is_wrong_usage_with_a_hint(
    project: str, hint: str, index: LoopbackIndex
) -> None:
    with pytest.raises(CommandFailure) as failure:
        require_project(make_client(index), project)

    assert str(failure.value).endswith(hint)
    assert failure.value.code == ExitCode.USAGE


def test_a_project_of_the_upstream_index_is_absent(index: LoopbackIndex) -> None:
    index.redirects["/simple/numpy/"] = "https://upstream.invalid/simple/numpy/"
    index.redirects["/simple/moved/"] = "../acme-widgets/"
    client = make_client(index)

    assert client.find_project("numpy") is None
    assert client.find_project("moved") is not None


def test_endless_redirects_are_an_index_that_does_not_answer(index: LoopbackIndex) -> None:
    index.redirects["/simple/loop/"] = "../loop/"

    with pytest.raises(CommandFailure, match="redirects again and again") as failure:
        make_client(index).find_project("loop")

    assert failure.value.code == ExitCode.UNAVAILABLE


def test_a_release_has_all_files_of_equal_versions(index: LoopbackIndex) -> None:
    page = require_project(make_client(index), "acme-widgets")

    assert [file.filename for file in require_release(page, "1.3.0")] == [WHEEL, SDIST]
    assert require_file(page, SDIST).filename == SDIST


@pytest.mark.parametrize(
    ("project", "version", "hint"),
    [
        ("acme-widgets", "1.4", "acme-widgets has no release 1.4 on its page: it has 1.3"),
        ("acme-many", "9", "it has 7, 6, 5, 4, 3, … (gcpypi list acme-many prints all)"),
        ("acme-empty", "1", "the page lists no files"),
        ("acme-empty", "1.O", "'1.O' is not a PEP 440 version"),
    ],
)
def test_an_absent_release_is_wrong_usage_with_the_latest_ones(
    project: str, version: str, hint: str, index: LoopbackIndex
) -> None:
    page = require_project(make_client(index), project)

    with pytest.raises(CommandFailure) as failure:
        require_release(page, version)

    assert str(failure.value).endswith(hint)


def test_an_absent_file_is_wrong_usage_with_a_suggestion(index: LoopbackIndex) -> None:
    page = require_project(make_client(index), "acme-widgets")

    with pytest.raises(CommandFailure, match=f"did you mean {WHEEL}"):
        require_file(page, "acme_widgets-1.3-py2-none-any.whl")
