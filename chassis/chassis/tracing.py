"""Traces of messages: W3C Trace Context in requests, message attributes and log lines.

The first message of a file starts a trace. A service continues the trace of the message that it
handles, and passes it on in the attribute ``traceparent`` of the messages that it publishes.

https://www.w3.org/TR/trace-context/#traceparent-header
https://cloud.google.com/trace/docs/trace-context
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

TRACEPARENT = "traceparent"
"""Name of the message attribute and of the header field."""

_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<rest>-.*)?"
)
_CLOUD_TRACE = re.compile(
    r"(?P<trace>[0-9a-f]{32})(?:/(?P<span>[0-9]{1,20}))?(?:;o=(?P<options>[0-9]+))?"
)
"""Value of ``X-Cloud-Trace-Context``: ``TRACE_ID/SPAN_ID;o=OPTIONS`` with a decimal span id."""

_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_SPAN_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Span:
    """One step of a trace."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits; zeros if the header of a request has no span."""
    is_sampled: bool = False
    """Whether the sender of the request possibly recorded the trace."""

    @classmethod
    def create(cls) -> Self:
        """Return the first step of a new trace, with random ids."""
        return cls(secrets.token_hex(16), secrets.token_hex(8))

    def create_child(self) -> "Span":
        """Return a new step of the same trace."""
        return Span(self.trace_id, secrets.token_hex(8), self.is_sampled)

    def format_traceparent(self) -> str:
        """Return the value of the attribute ``traceparent``."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"

    def format_trace(self, gcp_project: str) -> str:
        """Return the name of the trace in Cloud Logging."""
        return f"projects/{gcp_project}/traces/{self.trace_id}"

    def build_log_fields(self, gcp_project: str) -> Mapping[str, str | bool]:
        """Return the fields that connect a log line to the trace.

        https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
        """
        fields: dict[str, str | bool] = {
            "logging.googleapis.com/trace": self.format_trace(gcp_project),
            "logging.googleapis.com/trace_sampled": self.is_sampled,
        }
        if self.span_id != _NO_SPAN:
            fields["logging.googleapis.com/spanId"] = self.span_id
        return fields


def parse_traceparent(text: str) -> Span | None:
    """Parse a ``traceparent``; return None if it is invalid."""
    found = _TRACEPARENT.fullmatch(text)
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["rest"]):
        return None
    if found["trace"] == _NO_TRACE or found["span"] == _NO_SPAN:
        return None
    return Span(found["trace"], found["span"], bool(int(found["flags"], 16) & 1))


def parse_header(text: str) -> Span | None:
    """Parse ``X-Cloud-Trace-Context`` or ``traceparent`` of a request; None if it is invalid."""
    found = _CLOUD_TRACE.fullmatch(text)
    if found is None:
        return parse_traceparent(text)
    if found["trace"] == _NO_TRACE:
        return None
    span_id = f"{int(found['span'] or 0) & _SPAN_MASK:016x}"
    return Span(found["trace"], span_id, bool(int(found["options"] or 0) & 1))


@dataclass(slots=True)
class MessageTrace:
    """Trace of the message that the current task handles."""

    span: Span
    announced: Span | None = None
    """Span of another message, if its commit also has the change of this message.

    Messages that announce the commit continue the trace of the other message.
    """


_CURRENT: ContextVar[MessageTrace | None] = ContextVar("chassis.tracing", default=None)


def find_current() -> MessageTrace | None:
    """Return the trace of the current task; None outside the handling of a message."""
    return _CURRENT.get()


@contextmanager
def continue_trace(trace: MessageTrace | None) -> Iterator[None]:
    """Make ``trace`` the trace of the current task, and of threads that copy its context."""
    token = _CURRENT.set(trace)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def build_attributes() -> Mapping[str, str]:
    """Return the attributes of a message that the current task publishes."""
    trace = _CURRENT.get()
    return {} if trace is None else {TRACEPARENT: trace.span.format_traceparent()}
