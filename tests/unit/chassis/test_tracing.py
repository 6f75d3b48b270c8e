import asyncio
import re

import pytest

from chassis import tracing
from chassis.tracing import MessageTrace, Span

TRACE, SPAN = "105445aa7843bc8bf206b12000100000", "00f067aa0ba902b7"


def test_a_traceparent_is_parsed_and_formatted() -> None:
    span = tracing.parse_traceparent(f"00-{TRACE}-{SPAN}-01")
    assert span == Span(TRACE, SPAN, is_sampled=True)
    assert span.format_traceparent() == f"00-{TRACE}-{SPAN}-01"
    assert tracing.parse_traceparent(f"00-{TRACE}-{SPAN}-02") == Span(TRACE, SPAN)


def test_a_traceparent_of_a_later_version_may_have_more_fields() -> None:
    assert tracing.parse_traceparent(f"cc-{TRACE}-{SPAN}-01-what-the-future") == Span(
        TRACE, SPAN, is_sampled=True
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 32_000,
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"{TRACE}/1;o=1",
        f"00-\u0661{TRACE[1:]}-{SPAN}-01",
    ],
)
def test_an_invalid_traceparent_is_ignored(text: str) -> None:
    assert tracing.parse_traceparent(text) is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        (f"{TRACE}/67667974448284343;o=1", Span(TRACE, "00f067aa0ba902b7", is_sampled=True)),
        (f"{TRACE}/{2**64 - 1}", Span(TRACE, "f" * 16)),
        (f"{TRACE}/1;o=0", Span(TRACE, "0" * 15 + "1")),
        (TRACE, Span(TRACE, "0" * 16)),
        (f"00-{TRACE}-{SPAN}-00", Span(TRACE, SPAN)),
        (f"{'0' * 32}/1;o=1", None),
        (f"{TRACE}/x;o=1", None),
        (f"{TRACE}/{'9' * 21};o=1", None),
        (f"{TRACE};o=1;o=1", None),
    ],
)
def test_both_headers_of_cloud_run_are_parsed(text: str, span: Span | None) -> None:
    assert tracing.parse_header(text) == span


def test_new_steps_have_new_ids_and_children_stay_in_the_trace() -> None:
    first, second = Span.create(), Span.create()
    assert tracing.parse_traceparent(first.format_traceparent()) == first
    assert first.trace_id != second.trace_id
    child = Span(TRACE, SPAN, is_sampled=True).create_child()
    assert (child.trace_id, child.is_sampled) == (TRACE, True)
    assert re.fullmatch(r"[0-9a-f]{16}", child.span_id)
    assert child.span_id != SPAN


def test_log_fields_leave_out_a_missing_span() -> None:
    name = f"projects/acme/traces/{TRACE}"
    assert Span(TRACE, SPAN, is_sampled=True).build_log_fields("acme") == {
        "logging.googleapis.com/trace": name,
        "logging.googleapis.com/spanId": SPAN,
        "logging.googleapis.com/trace_sampled": True,
    }
    assert Span(TRACE, "0" * 16).build_log_fields("acme") == {
        "logging.googleapis.com/trace": name,
        "logging.googleapis.com/trace_sampled": False,
    }


async def test_published_messages_get_the_trace_of_their_task_only() -> None:
    async def publish(number: int) -> object:
        with tracing.continue_trace(MessageTrace(Span(f"{number:032x}", SPAN))):
            await asyncio.sleep(0)
            return tracing.build_attributes()

    assert await asyncio.gather(*map(publish, (1, 2))) == [
        {"traceparent": f"00-{number:032x}-{SPAN}-00"} for number in (1, 2)
    ]
    assert tracing.build_attributes() == {}
