"""Client of the pages of an index."""

import subprocess
import sys
from pathlib import Path

import pytest

from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure, ExitCode
from unit.cli.command_run import run_command
from unit.cli.loopback_index import describe_file, serve_index

NEWER = b'{"schema_version": 9, "version": "9.0", "gcp_project": "acme-prod"}'


def test_a_closed_port_is_an_index_that_does_not_answer() -> None:
    client = IndexClient.from_url("http://user:secret@127.0.0.1:1/simple", None)

    with pytest.raises(CommandFailure, match=r"127\.0\.0\.1:1/simple/ does not answer") as failure:
        client.find_project("acme")

    assert failure.value.code == ExitCode.UNAVAILABLE
    assert "secret" not in str(failure.value)


def test_a_url_without_a_host_is_wrong_usage() -> None:
    with pytest.raises(CommandFailure, match="is not a URL") as failure:
        IndexClient.from_url("index.example/simple/", None)

    assert failure.value.code == ExitCode.USAGE


def test_the_description_of_a_newer_release_is_a_sentence() -> None:
    with serve_index() as index:
        index.pages["/.well-known/gcpypi.json"] = NEWER
        with pytest.raises(CommandFailure, match="schema_version 9") as failure:
            IndexClient.from_url(index.url, None).describe()

    assert failure.value.code == ExitCode.UNAVAILABLE


def test_a_file_with_the_description_of_a_newer_release_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "description.json"
    path.write_bytes(NEWER)

    done = run_command("token", "list", GCPYPI_DESCRIPTION=str(path))

    assert (done.code, f"{path}: IndexDescription of schema_version 9" in done.stderr) == (2, True)


def test_an_index_without_a_project_has_an_empty_list() -> None:
    with serve_index() as index:
        client = IndexClient.from_url(index.url, None)
        with pytest.raises(CommandFailure, match="404 Not Found: check GCPYPI_INDEX_URL"):
            client.list_projects()
        index.pages["/.well-known/gcpypi.json"] = b'{"version": "1", "gcp_project": "acme-prod"}'

        assert client.list_projects() == ()


def test_another_host_gets_no_credentials() -> None:
    with serve_index() as index, serve_index() as other:
        client = IndexClient.from_url(index.url, "secret")
        index.redirects["/simple/acme/"] = f"{other.url}acme/"

        assert client.find_project("acme") is None
        client.get(f"{other.url}file.metadata")
        client.get(f"{index.url}file.metadata")

    assert other.credentials == {"/simple/file.metadata": None}
    assert index.credentials["/simple/file.metadata"] is not None


def test_the_digests_of_a_page_need_no_pypi_simple() -> None:
    program = (
        "import sys\n"
        "from gcpypi.connection.index_client import IndexClient\n"
        "print(IndexClient.from_url(sys.argv[1], None).find_digests('Acme_Widgets'))\n"
        "print('pypi_simple' in sys.modules)\n"
    )
    with serve_index() as index:
        index.add("acme-widgets", [describe_file("acme_widgets-1.0-py3-none-any.whl")])
        done = subprocess.run(
            [sys.executable, "-c", program, index.url], capture_output=True, text=True, check=True
        )

    found = {"acme_widgets-1.0-py3-none-any.whl": "ab" * 32}
    assert done.stdout.splitlines() == [str(found), "False"]


def test_the_digests_of_an_absent_project_are_none() -> None:
    with serve_index() as index:
        assert IndexClient.from_url(index.url, None).find_digests("acme") is None


def test_the_digests_of_a_page_in_html_are_found() -> None:
    link = b'<a href="../../packages/acme-1.0.tar.gz#sha256=%s">acme-1.0.tar.gz</a>' % (b"ab" * 32)
    with serve_index() as index:
        index.pages["/simple/acme/"] = b"<!DOCTYPE html><html><body>%s</body></html>" % link
        index.media_type = "text/html"

        digests = IndexClient.from_url(index.url, None).find_digests("acme")

    assert digests == {"acme-1.0.tar.gz": "ab" * 32}


@pytest.mark.parametrize("page", [b"{}", b"[]", b"no JSON", b'{"files": [{"filename": 1}]}'])
def test_an_unreadable_page_is_a_failure(page: bytes) -> None:
    with serve_index() as index:
        index.pages["/simple/acme/"] = page
        with pytest.raises(CommandFailure, match="/simple/acme/ is not the page") as failure:
            IndexClient.from_url(index.url, None).find_digests("acme")

    assert failure.value.code == ExitCode.UNAVAILABLE


def test_pages_are_read_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    client = IndexClient.from_url("http://pypi.invalid/simple/", "t")

    with pytest.raises(CommandFailure, match="Unable to connect to proxy"):
        client.find_digests("acme")
