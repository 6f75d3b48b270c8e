"""Push endpoints: response status by outcome of the message, and one log line per push.

==================== ====== ===============================================================
outcome              status action of Pub/Sub
==================== ====== ===============================================================
``Outcome``          204    acknowledges the message
:class:`TooEarly`    503    delivers the message again, with back-off
any other exception  500    delivers it again, and finally to the dead-letter topic
no push envelope     400    none: the request is not from Pub/Sub
==================== ====== ===============================================================
"""

import logging
import time
from collections.abc import Awaitable, Callable

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from chassis import logs
from chassis.outcomes import Outcome, TooEarly
from schemas.push import PushEnvelope

logger = logging.getLogger(__name__)

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
        line = _LogLine(gcp_project, subscription, envelope, request, started)
        try:
            outcome = await handler(envelope)
        except TooEarly as early:
            line.write(Outcome("too-early", detail=str(early)))
            return Response(status_code=503)
        except Exception as error:  # not acknowledged: Pub/Sub delivers it again
            line.write(Outcome("failed", detail=f"{type(error).__name__}: {error}"), failed=True)
            return Response(status_code=500)
        line.write(outcome)
        return Response(status_code=204)

    return answer


class _LogLine:
    """Log line of one push."""

    def __init__(
        self,
        gcp_project: str,
        subscription: str,
        envelope: PushEnvelope,
        request: Request,
        started: float,
    ) -> None:
        header = request.headers.get("x-cloud-trace-context") or request.headers.get("traceparent")
        self._started = started
        self._facts = {
            "subscription": subscription,
            "message_id": envelope.message.message_id,
            "delivery_attempt": envelope.delivery_attempt,
            **logs.parse_trace(header, gcp_project),
        }

    def write(self, outcome: Outcome, *, failed: bool = False) -> None:
        """Write the line. If the push ``failed``, write an error line with the traceback."""
        level = {"refused": logging.WARNING, "failed": logging.ERROR}.get(outcome.name)
        facts = {
            **self._facts,
            "outcome": outcome.name,
            "project": outcome.project,
            "file": outcome.file,
            "reason": outcome.reason,
            "milliseconds": round((time.perf_counter() - self._started) * 1000, 1),
        }
        subject = outcome.file or outcome.project
        words = (outcome.name, subject, outcome.reason, outcome.detail)
        message = " ".join(word for word in words if word)
        logger.log(level or logging.INFO, message, extra=logs.build_extra(**facts), exc_info=failed)
