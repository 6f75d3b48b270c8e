"""Client of the pages of an index."""

import pytest

from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure, ExitCode


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
