"""Push endpoints: response status by outcome of the message, and one log line per push.

==================== ====== ===============================================================
outcome              status action of Pub/Sub
==================== ====== ===============================================================
``Outcome``          204    acknowledges the message
:class:`TooEarly`    503    delivers the message again, with back-off
:data:`BUSY`         503    delivers it again, and finally to the dead-letter topic
any other exception  500    delivers it again, and finally to the dead-letter topic
no push envelope     400    none: the request is not from Pub/Sub
==================== ====== ===============================================================

503 has ``Retry-After``: the same push can succeed later. 500 is a fault of this service.

The handler and the log line continue the trace of the message, from its attribute ``traceparent``.
A message without a valid one continues the trace of the request, which Cloud Run starts, or a new
trace.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from chassis import logs
from chassis.outcomes import Outcome, TooEarly
from chassis.tracing import (
    TRACEPARENT,
    MessageTrace,
    Span,
    continue_trace,
    parse_header,
    parse_traceparent,
)
from cloud.errors import PreconditionFailed, TooManyRequests, Unavailable
from schemas.push import PushEnvelope
from schemas.types import format_time

logger = logging.getLogger(__name__)

BUSY = (Unavailable, TooManyRequests, PreconditionFailed)
"""Errors of Google Cloud at a high load: it does not answer in time, or other writers are first."""

_RETRY: Mapping[str, str] = {"retry-after": "10"}
"""Shortest back-off of the subscriptions, in seconds. Pub/Sub uses its own."""

Handler = Callable[[PushEnvelope], Awaitable[Outcome]]
"""Handler of one message; it returns when the effect is durable and announced."""


def create_endpoint(
    gcp_project: str, subscription: str, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    """Create the endpoint of a subscription."""

    async def answer(request: Request) -> Response:
        started = time.perf_counter()
        try:
            envelope = PushEnvelope.model_validate_json(await request.body())
        except ValidationError as error:
            return PlainTextResponse(f"no push envelope: {error.error_count()} errors\n", 400)
        request_span = _read_request_span(request)
        trace = MessageTrace(_choose_span(envelope, request_span))
        line = _LogLine(gcp_project, subscription, envelope, trace, request_span, started)
        try:
            with continue_trace(trace):
                outcome = await handler(envelope)
        except TooEarly as early:
            line.write(Outcome("too-early", detail=str(early)))
            return Response(status_code=503, headers=_RETRY)
        except Exception as error:  # not acknowledged: Pub/Sub delivers it again
            line.write(Outcome("failed", detail=f"{type(error).__name__}: {error}"), failed=True)
            status, fields = (503, _RETRY) if isinstance(error, BUSY) else (500, None)
            return Response(status_code=status, headers=fields)
        line.write(outcome)
        return Response(status_code=204)

    return answer


def _read_request_span(request: Request) -> Span | None:
    headers = request.headers
    return parse_header(headers.get("x-cloud-trace-context") or headers.get(TRACEPARENT) or "")


def _choose_span(envelope: PushEnvelope, request_span: Span | None) -> Span:
    parent = parse_traceparent(envelope.message.attributes.get(TRACEPARENT, "")) or request_span
    return Span.create() if parent is None else parent.create_child()


class _LogLine:
    """Log line of one push."""

    def __init__(
        self,
        gcp_project: str,
        subscription: str,
        envelope: PushEnvelope,
        trace: MessageTrace,
        request_span: Span | None,
        started: float,
    ) -> None:
        self._gcp_project = gcp_project
        self._trace = trace
        self._started = started
        self._facts = {
            "subscription": subscription,
            "message_id": envelope.message.message_id,
            "delivery_attempt": envelope.delivery_attempt,
            "published": format_time(envelope.message.publish_time),
            "request_trace": self._format_other_trace(request_span),
            **trace.span.build_log_fields(gcp_project),
        }

    def write(self, outcome: Outcome, *, failed: bool = False) -> None:
        """Write the line. If the push ``failed``, write an error line with the traceback."""
        level = {"refused": logging.WARNING, "failed": logging.ERROR}.get(outcome.name)
        facts = {
            **self._facts,
            "outcome": outcome.name,
            "project": outcome.project,
            "file": outcome.file,
            "uploader": outcome.uploader,
            "reason": outcome.reason,
            "milliseconds": round((time.perf_counter() - self._started) * 1000, 1),
            "announced_trace": self._format_other_trace(self._trace.announced),
        }
        subject = outcome.file or outcome.project
        words = (outcome.name, subject, outcome.reason, outcome.detail)
        message = " ".join(word for word in words if word)
        logger.log(level or logging.INFO, message, extra=logs.build_extra(**facts), exc_info=failed)

    def _format_other_trace(self, span: Span | None) -> str | None:
        """Return the name of a trace; None if it is the trace of the line."""
        if span is None or span.trace_id == self._trace.span.trace_id:
            return None
        return span.format_trace(self._gcp_project)
