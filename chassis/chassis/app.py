"""The Starlette shell of every worker: push endpoints, health, and one log line a push.

==================== ====== =================================================
outcome              answer what Pub/Sub does
==================== ====== =================================================
``Outcome``          204    acknowledges the message
:class:`TooEarly`    503    delivers it again, with back-off
any other exception  500    delivers it again; at last the dead-letter topic
no push envelope     400    nothing: this is somebody else
==================== ====== =================================================
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis import logs
from chassis.outcomes import Outcome, TooEarly
from cloud.ports import Bucket
from schemas.push import PushEnvelope

logger = logging.getLogger(__name__)

Handler = Callable[[PushEnvelope], Awaitable[Outcome]]
"""Deal with one message; return when its effect is durable and announced."""


def create_worker(
    gcp_project: str, handlers: Mapping[str, Handler], ready: Callable[[], object]
) -> Starlette:
    """Create the application of a worker.

    :param gcp_project: the Google Cloud project, for the trace in the log.
    :param handlers: by subscription, each served at ``POST /push/<subscription>``.
    :param ready: proves what the worker stands on, or raises; run in a thread.
    """
    routes = [
        Route(f"/push/{subscription}", _push(gcp_project, subscription, handler), methods=["POST"])
        for subscription, handler in handlers.items()
    ]
    return Starlette(routes=[*routes, Route("/health", _health), Route("/ready", _ready(ready))])


def can_list(*buckets: Bucket) -> Callable[[], None]:
    """Return a readiness check: list an empty prefix of each bucket.

    It proves that the bucket exists and that the service may list it.
    """

    def check() -> None:
        for bucket in buckets:
            next(bucket.list("ready/"), None)

    return check


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _ready(ready: Callable[[], object]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            await run_in_threadpool(ready)
        except Exception as error:  # whatever it is, it is the answer
            logger.warning("not ready: %s", error)
            return PlainTextResponse(f"not ready: {error}\n", 503, {"Retry-After": "5"})
        return PlainTextResponse("ready\n")

    return answer


def _push(
    gcp_project: str, subscription: str, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        started = time.perf_counter()
        try:
            envelope = PushEnvelope.model_validate_json(await request.body())
        except ValidationError as error:
            return PlainTextResponse(f"no push envelope: {error.error_count()} errors\n", 400)
        line = _Line(gcp_project, subscription, envelope, request, started)
        try:
            outcome = await handler(envelope)
        except TooEarly as early:
            line.write(Outcome("too-early", detail=str(early)))
            return Response(status_code=503)
        except Exception as error:  # not acknowledged, so nothing is lost; the traceback once
            line.write(Outcome("failed", detail=f"{type(error).__name__}: {error}"), failed=True)
            return Response(status_code=500)
        line.write(outcome)
        return Response(status_code=204)

    return answer


class _Line:
    """The one log line of a push."""

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
            **logs.trace(header, gcp_project),
        }

    def write(self, outcome: Outcome, *, failed: bool = False) -> None:
        """Write it, as an error with the traceback if the push ``failed``."""
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
        logger.log(level or logging.INFO, message, extra=logs.facts(**facts), exc_info=failed)
