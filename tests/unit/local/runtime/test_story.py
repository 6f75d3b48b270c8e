"""Story of a file from lines that the services wrote in memory."""

import json
import logging
from collections.abc import Sequence

import pytest

from chassis.logs import JsonFormatter
from chassis.tracing import parse_traceparent
from local.errors import LocalError
from local.runtime import lifecycle
from local.runtime.state import State
from local.runtime.story import StoryStep, tell_story
from schemas.events import FileUploaded
from schemas.push import Message
from testing.services.memory_index import MemoryIndex

A, B = "acme-1.0-py3-none-any.whl", "acme-2.0-py3-none-any.whl"
GIVEN = {"traceparent": f"00-{'ab' * 16}-{'1' * 16}-01"}


def run_logged(
    index: MemoryIndex, caplog: pytest.LogCaptureFixture, *messages: Message, **traced: str
) -> list[str]:
    """Publish messages; return the lines of the services in the form of the native runtime."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="chassis.push_endpoint"):
        index.pipeline.run(*messages, attributes=traced)
    write = JsonFormatter().format
    return [
        f"12:00:00.{number:06} x | {write(record)}" for number, record in enumerate(caplog.records)
    ]


def summarise(steps: Sequence[StoryStep]) -> list[tuple[str, str, str]]:
    return [(step.name, step.service, step.outcome.split()[0]) for step in steps]


def test_the_trace_of_the_first_message_reaches_every_message_and_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    index = MemoryIndex()
    lines = run_logged(index, caplog, index.upload("acme", "1.0"), **GIVEN)
    topics = [message.topic for message in index.pipeline.messages]
    assert topics == ["file-uploaded", "file-accepted", "project-indexed", "project-published"]
    spans = [parse_traceparent(each["traceparent"]) for each in index.pipeline.attributes]
    assert {(span.trace_id, span.is_sampled) for span in spans if span} == {("ab" * 16, True)}
    assert len({span.span_id for span in spans if span}) == 4
    traces = [json.loads(line.partition("| ")[2])["logging.googleapis.com/trace"] for line in lines]
    assert traces == [f"projects/gcpypi-test/traces/{'ab' * 16}"] * 5


def test_a_story_has_upload_verdict_record_and_page(caplog: pytest.LogCaptureFixture) -> None:
    index = MemoryIndex()
    lines = run_logged(index, caplog, index.upload("acme", "1.0"), index.upload("zebra", "1.0"))
    assert sorted(summarise(tell_story(A, lines))) == [
        ("catalog", "catalog", "done"),
        ("page", "publisher", "done"),
        ("record", "indexer", "done"),
        ("upload", "pubsub", "message"),
        ("verdict", "ingest", "done"),
        ("web", "web", "done"),
    ]
    assert not any("zebra" in step.outcome for step in tell_story(A, lines))


def test_files_of_one_commit_each_have_their_page(caplog: pytest.LogCaptureFixture) -> None:
    """Thirty files of one project: few commits and announcements, and a page in each story."""
    index = MemoryIndex()
    uploads = [index.upload("acme", f"1.{n}") for n in range(30)]
    lines = run_logged(index, caplog, *uploads)
    topics = [message.topic for message in index.pipeline.messages]
    assert topics.count("project-indexed") < 15
    for n in range(30):
        steps = summarise(tell_story(f"acme-1.{n}-py3-none-any.whl", lines))
        assert {"upload", "verdict", "record", "page"} <= {name for name, _, _ in steps}
        assert [name for name, _, _ in steps].count("record") == 1


def test_a_refusal_and_a_repeated_message_are_part_of_the_story(
    caplog: pytest.LogCaptureFixture,
) -> None:
    index = MemoryIndex()
    name = f"ci/7/{A}"
    index.buckets["incoming"].put(name, b"this is no wheel")
    message = FileUploaded(bucket="incoming", name=name)
    lines = run_logged(index, caplog, message, message)
    steps = tell_story(A, lines)
    assert (
        summarise(steps)
        == [
            ("upload", "pubsub", "message"),
            ("verdict", "ingest", "refused"),
        ]
        * 2
    )
    assert "not-a-zip" in steps[1].outcome
    assert [json.loads(line.partition("| ")[2])["uploader"] for line in lines] == ["ci", "ci"]


def test_lines_of_docker_and_of_other_programs() -> None:
    fields = {
        "message": "done x",
        "subscription": "ingest-file-uploaded",
        "message_id": "7",
        "published": "2026-11-28T12:00:00.250000Z",
        "file": A,
    }
    failed = {**fields, "message": "failed x\nTraceback (most recent call last):\n"}
    lines = [
        "ingest-1  | 2026-11-28T12:00:01.123456789Z not JSON {",
        'proxy-1  | 2026-11-28T12:00:01.123456789Z {"file":"' + A + '"}',
        f"ingest-1  | 2026-11-28T12:00:01.123456789Z {json.dumps(failed)}",
        f"ingest-1  | 2026-11-28T12:00:03.123456789Z {json.dumps(fields)}",
        "Attaching to ingest-1",
    ]
    steps = tell_story(A, lines)
    assert [(step.name, step.outcome) for step in steps] == [
        ("upload", "message 7 announces it"),
        ("verdict", "failed x"),
        ("verdict", "done x"),
    ]
    assert steps[1].time.endswith(":01.123456")


def test_an_unknown_file_is_an_error_with_a_remedy(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    state = State(tmp_path_factory.mktemp("state"))
    with pytest.raises(LocalError, match="run make local-up"):
        lifecycle.tell_story(state, A, print)
    state.log.write_text("12:00:00 ingest | {}\n")
    with pytest.raises(LocalError, match=f"no line of the log since the last start names {A}"):
        lifecycle.tell_story(state, A, print)
