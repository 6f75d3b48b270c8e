import errno
import io
import json
import logging
import sys
from functools import partial

import pytest

from chassis import logs
from testing.calls import count_calls


def format_record(**kwargs: object) -> dict[str, object]:
    record = logging.LogRecord("ingest", logging.WARNING, "f.py", 1, "refused %s", ("x",), None)
    for key, value in kwargs.items():
        setattr(record, key, value)
    line: dict[str, object] = json.loads(logs.JsonFormatter().format(record))
    return line


def test_a_line_is_one_json_object_with_the_fields_next_to_the_message() -> None:
    extra = logs.build_extra(project="acme", file=None, milliseconds=1.5)
    assert format_record(**extra) == {
        "severity": "WARNING",
        "message": "refused x",
        "logger": "ingest",
        "project": "acme",
        "milliseconds": 1.5,
    }


def test_a_traceback_is_part_of_the_message() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        line = format_record(exc_info=sys.exc_info())
    assert str(line["message"]).startswith("refused x\nTraceback (most recent call last):\n")


@pytest.mark.parametrize(
    "header",
    [
        "105445aa7843bc8bf206b12000100000/67667974448284343;o=1",
        "00-105445aa7843bc8bf206b12000100000-00f067aa0ba902b7-01",
    ],
)
def test_a_line_names_its_trace(header: str) -> None:
    assert logs.parse_trace(header, "acme-prod") == {
        "logging.googleapis.com/trace": (
            "projects/acme-prod/traces/105445aa7843bc8bf206b12000100000"
        )
    }


@pytest.mark.parametrize(
    "header", [None, "", "abc", f"{'0' * 32}/1;o=1", "x" * 32_000, "a" * 33, "a" * 32 + '"']
)
def test_an_invalid_trace_header_is_not_logged(header: str | None) -> None:
    assert logs.parse_trace(header, "acme-prod") == {}


def test_the_trace_of_a_request_costs_two_calls() -> None:
    header = "105445aa7843bc8bf206b12000100000/67667974448284343;o=1"
    assert count_calls(partial(logs.parse_trace, header, "acme-prod")) == 2


def test_text_with_a_lone_surrogate_is_logged() -> None:
    assert format_record(facts={"name": "half \ud800"})["name"] == "half \ud800"


def test_a_line_written_without_the_logging_module_looks_like_a_record(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "ingest")
    logger, values = logging.getLogger("ingest"), {"project": "acme", "file": None}
    logs.write(logger, logging.WARNING, "refused x", values)
    logs.write(logger, logging.INFO, "not at this level", {})
    assert json.loads(capsys.readouterr().out) == format_record(**logs.build_extra(**values))


class FullStream(io.StringIO):
    """Stream of a full disk."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("stdout", [FullStream(), io.TextIOWrapper(io.BytesIO(), "ascii")])
def test_a_line_that_cannot_be_written_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, stdout: io.TextIOBase
) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    logs.write(logging.getLogger("x"), logging.ERROR, "lost: ö", {})


def test_configure_sends_json_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure("INFO")
        logging.getLogger("x").info("hello")
    finally:
        root.handlers, root.level = handlers, level
    assert json.loads(capsys.readouterr().out)["message"] == "hello"
