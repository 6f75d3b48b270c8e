"""Starlette application of every worker: push endpoints, health and readiness."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis.push_endpoint import Handler, create_endpoint
from cloud.ports import Bucket

logger = logging.getLogger(__name__)


def create_worker(
    gcp_project: str, handlers: Mapping[str, Handler], ready: Callable[[], object]
) -> Starlette:
    """Create the application of a worker.

    :param gcp_project: the Google Cloud project, for the trace in the log.
    :param handlers: handlers by subscription. ``POST /push/<subscription>`` calls the handler.
    :param ready: function that raises an exception if a dependency of the worker is not ready.
        It runs in a thread.
    """
    routes = [
        Route(
            f"/push/{subscription}",
            create_endpoint(gcp_project, subscription, handler),
            methods=["POST"],
        )
        for subscription, handler in handlers.items()
    ]
    health = Route("/health", _answer_health)
    return Starlette(routes=[*routes, health, Route("/ready", _create_ready_endpoint(ready))])


def create_readiness_check(*buckets: Bucket) -> Callable[[], None]:
    """Return a readiness check that lists an empty prefix of each bucket.

    The listing proves that the bucket exists and that the service has permission to list it.
    """

    def check() -> None:
        for bucket in buckets:
            next(bucket.list("ready/"), None)

    return check


async def _answer_health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _create_ready_endpoint(
    ready: Callable[[], object],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            await run_in_threadpool(ready)
        except Exception as error:  # every exception means: not ready
            logger.warning("not ready: %s", error)
            return PlainTextResponse(f"not ready: {error}\n", 503, {"Retry-After": "5"})
        return PlainTextResponse("ready\n")

    return answer
