"""``make local-logs FILE=…``: the story of one file, on the running local index."""

import json
import subprocess
import sys

import pytest

from e2e.conftest import ROOT, LocalIndex, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename


def tell(runtime: LocalIndex, filename: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "local", "logs", "--dir", runtime.directory)
    return runtime.run(*map(str, command), "--file", filename, check=False)


@pytest.mark.parametrize("index", ["runtime", "built_in"])
def test_the_story_of_a_file_from_its_upload_to_its_page(
    index: str, request: pytest.FixtureRequest
) -> None:
    runtime: LocalIndex = request.getfixturevalue(index)
    filename = wheel_filename("story_told")
    runtime.upload_file(filename, build_wheel("story_told"))

    def read_steps() -> list[list[str]]:
        lines = tell(runtime, filename).stdout.splitlines()
        steps = [line.split(maxsplit=3) for line in lines]
        return steps if {"page", "catalog", "web"} <= {step[1] for step in steps} else []

    head, *steps = wait_until(read_steps)
    assert head == ["time", "step", "service", "outcome"]
    first, *others = [step[1:3] for step in sorted(steps)]
    assert first == ["upload", "pubsub"]
    # A service logs a push after its announcement, so the next service can be the first to log.
    assert {("verdict", "ingest"), ("record", "indexer")} <= set(map(tuple, others))
    outcomes = {step[1]: step[3] for step in steps}
    assert outcomes["verdict"] == outcomes["record"] == f"done {filename}"
    assert outcomes["page"] == outcomes["catalog"] == outcomes["web"] == "done story-told"
    entries = [
        entry
        for service in ("ingest", "indexer", "publisher", "catalog", "web")
        for entry in runtime.read_log_entries(service)
        if filename in str(entry) or entry.get("project") == "story-told"
    ]
    assert len({entry["logging.googleapis.com/trace"] for entry in entries}) == 1


def test_the_trace_of_a_ci_reaches_the_subscribers_of_published_projects(
    runtime: LocalIndex,
) -> None:
    if not runtime.has_gcloud:
        pytest.skip("the built-in Pub/Sub has no REST API for gcloud")
    project = runtime.environment["CLOUDSDK_CORE_PROJECT"]
    topic = {"topic": f"projects/{project}/topics/project-published"}
    runtime.call_pubsub("subscriptions/story-subscriber", topic, "PUT")
    given = f"00-{'5e' * 16}-{'1' * 16}-01"
    filename = wheel_filename("story_traced")
    name = runtime.upload_file(filename, build_wheel("story_traced"))
    message = json.dumps({"bucket": runtime.incoming, "name": name})
    publish = ("gcloud", "pubsub", "topics", "publish", "file-uploaded", f"--message={message}")
    runtime.run(*publish, f"--attribute=traceparent={given}")

    def find_trace() -> list[str]:
        received = runtime.pull("story-subscriber")
        attributes = [each["message"].get("attributes", {}) for each in received]
        return [each["traceparent"] for each in attributes if "5e" * 16 in str(each)]

    (trace,) = wait_until(find_trace)
    assert trace.startswith(f"00-{'5e' * 16}-")
    assert trace.endswith("-01")
    assert trace != given


def test_an_unknown_file_is_an_error(runtime: LocalIndex) -> None:
    done = tell(runtime, "unknown-1.0.tar.gz")
    assert done.returncode == 1
    assert "no line of the log since the last start names unknown-1.0.tar.gz" in done.stderr


def test_the_target_of_make_passes_the_file() -> None:
    def print_command(*arguments: str) -> str:
        options = ("--no-print-directory", "-n", "-o", "install")  # make can run the tests too
        command = ["make", *options, "local-logs", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert print_command().split() == [".venv/bin/python", "-m", "local", "logs"]
    assert print_command("FILE=a-1.0.tar.gz").endswith(' -m local logs --file "a-1.0.tar.gz"\n')
