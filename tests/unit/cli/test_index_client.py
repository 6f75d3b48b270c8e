"""Client of the pages of an index."""

from pathlib import Path

import pytest

from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure, ExitCode
from unit.cli.command_run import run_command
from unit.cli.loopback_index import serve_index

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
