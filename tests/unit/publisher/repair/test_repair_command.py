"""Commands of ``python -m publisher`` and ``python -m ingest``, with buckets over HTTP."""

from collections.abc import Callable, Iterator

import pytest

import ingest.__main__
import publisher.__main__
from cloud import storage
from cloud.storage import StorageBucket
from schemas.events import FileUploaded, ProjectCommand
from testing.fakes.examples import LONG_AGO
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.services.pipeline import BUCKETS, Pipeline
from testing.storage import StorageServer

NAME = f"ci/1/{wheel_filename()}"
Command = Callable[[list[str]], int]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StorageServer]:
    """Storage server with an index of one wheel, and the environment of the services."""
    with StorageServer() as started:
        monkeypatch.setenv("GCP_PROJECT", "gcpypi-test")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", started.url)
        # A closed port, so that announcements fail at once.
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
        client = storage.connect("gcpypi-test")
        for bucket in BUCKETS:
            started.storage.create_bucket(bucket)
            monkeypatch.setenv(f"{bucket.upper()}_BUCKET", bucket)
        started.storage.insert("incoming", NAME, build_wheel())
        pipeline = Pipeline(lambda name: StorageBucket(client, name))
        pipeline.run(FileUploaded(bucket="incoming", name=NAME))
        yield started
        client.close()


def test_verify_of_a_correct_index_prints_no_differences(
    server: StorageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publisher.__main__.main(["verify", "--bytes"]) == 0
    assert capsys.readouterr() == ("", "verify: no differences\n")


def test_verify_prints_a_line_for_each_difference(
    server: StorageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.storage.delete("static", "pypi/acme/json")
    assert publisher.__main__.main(["verify", "--patience", "0", "acme"]) == 1
    words = capsys.readouterr()
    assert words.out == "missing-page gs://static/pypi/acme/json: acme has a record\n"
    assert words.err.endswith("verify: 1 difference\n")


def test_verify_prints_commands_that_take_effect_and_succeeds(
    server: StorageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    client = storage.connect("gcpypi-test")
    yank = {"action": "yank", "project": "acme", "version": "1.0", "reason": "broken"}
    command = {**yank, "command_id": "ticket-7", "issued_at": LONG_AGO}
    Pipeline(lambda name: StorageBucket(client, name)).run(ProjectCommand.model_validate(command))
    client.close()
    assert publisher.__main__.main(["verify"]) == 0
    assert capsys.readouterr() == (
        "yanked acme 1: by an operator without a name, by message, "
        "2026-01-01T00:00:00.000000Z, command ticket-7: broken\n",
        "verify: no differences\n",
    )


@pytest.mark.parametrize(
    ("command", "arguments", "missing"),
    [
        (publisher.__main__.main, ["verify"], "record"),
        (publisher.__main__.main, ["rebuild"], "record"),
        (ingest.__main__.main, ["reindex"], "file"),
    ],
)
def test_an_unknown_project_ends_the_command_with_the_nearest_name(
    server: StorageServer,
    command: Command,
    arguments: list[str],
    missing: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The project with a record is neither checked nor announced: the topic refuses messages."""
    assert command([*arguments, "acme", "Ackme", "unheard_of"]) == 2
    assert capsys.readouterr() == (
        "",
        f"{arguments[0]}: the index has no {missing} of ackme; did you mean acme?\n"
        f"{arguments[0]}: the index has no {missing} of unheard-of\n",
    )


def test_reindex_prints_objects_that_are_not_promoted_files(
    server: StorageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.storage.insert("packages", "other-1.tar.gz", b"?")
    assert ingest.__main__.main(["reindex", "other"]) == 1
    words = capsys.readouterr()
    assert words.out.startswith("other-1.tar.gz: exists")
    assert words.err == "reindex: 0 files announced, 1 objects refused\n"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(publisher.__main__.main, ["verify"]), (ingest.__main__.main, ["reindex"])],
)
def test_a_bucket_that_does_not_answer_ends_the_command(
    server: StorageServer,
    command: Command,
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.storage.buckets.clear()
    assert command(arguments) == 2
    assert f"{arguments[0]}: gs://" in capsys.readouterr().err
