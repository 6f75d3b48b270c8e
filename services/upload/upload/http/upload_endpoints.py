"""ASGI endpoints: limits of requests, authentication, calls of handlers, answers to exceptions."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schemas.holders import Holder
from upload.http.errors import RequestRefused, WrongMethod
from upload.http.problems import Problem, create_text
from upload.http.upload_requests import UploadRequest

PublicHandler = Callable[[UploadRequest], Awaitable[Response]]
"""Handler of one route for every client."""
HolderHandler = Callable[[UploadRequest, Holder], Awaitable[Response]]
"""Handler of one route for the holder of a credential."""


class HolderAuthenticator(Protocol):
    """Authentication of the holders of publishing credentials."""

    async def authenticate(self, authorization: str) -> Holder:
        """Return the holder of an ``Authorization`` field, or raise ``Unauthorized``."""
        ...

    async def is_ready(self) -> bool:
        """Return whether the credentials have been read."""
        ...


DRAIN_LIMIT = 64 * 1024 * 1024
"""Bytes of a refused body that the service reads before its answer, without a credential."""


class UploadEndpoint(ABC):
    """ASGI application of one route.

    :param idle_timeout: seconds after which an idle client is cut off.
    :param addresses: sentence about the addresses of the index, for wrong methods.
    :param methods: the methods of the route; None: every method.
    """

    def __init__(
        self, idle_timeout: float, addresses: str, methods: Collection[str] | None = ("POST",)
    ) -> None:
        self._idle_timeout, self._addresses, self._methods = idle_timeout, addresses, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request. A client that leaves gets no answer."""
        request = UploadRequest(scope, receive, send, self._idle_timeout)
        try:
            response = await self._respond(request)
            await response(scope, receive, send)
        except ClientDisconnect:
            request.facts.has_client_left = True
        finally:
            request.facts.received = request.content.received

    async def _respond(self, request: UploadRequest) -> Response:
        try:
            request.check_limits()
            self._check_method(request)
            return await self.respond(request)
        except ClientDisconnect:
            raise
        except Exception as error:
            return await self._answer(request, error)

    def _check_method(self, request: UploadRequest) -> None:
        if self._methods is not None and request.method not in self._methods:
            allow = ", ".join(self._methods)
            raise WrongMethod(f"this address is for {allow} only. {self._addresses}", allow)

    async def _answer(self, request: UploadRequest, error: Exception) -> Response:
        """Return the answer to an exception, after the rest of the body."""
        problem = Problem.from_error(error)
        request.facts.reason = problem.reason
        if not problem.is_refusal:
            request.facts.error = error
        if not request.is_waiting_to_send:
            with suppress(RequestRefused):
                await request.content.drain(self.choose_drain_limit(request))
        return problem.create_response(as_document=request.wants_problem)

    def choose_drain_limit(self, request: UploadRequest) -> int:
        """Return the bytes of a refused body to read before the answer."""
        return DRAIN_LIMIT

    @abstractmethod
    async def respond(self, request: UploadRequest) -> Response:
        """Return the response to a request."""


class PublicEndpoint(UploadEndpoint):
    """Endpoint without authentication."""

    def __init__(
        self,
        handler: PublicHandler,
        idle_timeout: float,
        addresses: str,
        methods: Collection[str] | None,
    ) -> None:
        super().__init__(idle_timeout, addresses, methods)
        self._handler = handler

    async def respond(self, request: UploadRequest) -> Response:
        """Call the handler."""
        return await self._handler(request)


class HolderEndpoint(UploadEndpoint):
    """Endpoint for holders of a publishing credential.

    :param drain_limit: bytes of a holder's refused body to read before the answer.
    """

    def __init__(
        self,
        authenticator: HolderAuthenticator,
        handler: HolderHandler,
        idle_timeout: float,
        addresses: str,
        drain_limit: int,
        methods: Collection[str] = ("POST",),
    ) -> None:
        super().__init__(idle_timeout, addresses, methods)
        self._authenticator, self._handler = authenticator, handler
        self._drain_limit = drain_limit

    async def respond(self, request: UploadRequest) -> Response:
        """Authenticate the request before its body, and call the handler.

        :raises Unauthorized: if the request has no valid credential.
        """
        holder = await self._authenticator.authenticate(request.headers.get("authorization", ""))
        request.facts.holder = holder.name
        return await self._handler(request, holder)

    def choose_drain_limit(self, request: UploadRequest) -> int:
        """Return the limit of holders if the request has one."""
        return self._drain_limit if request.facts.holder else DRAIN_LIMIT


def create_probe(probe: Callable[[], Awaitable[bool]], failure: str) -> PublicHandler:
    """Return a handler that answers 200, or 503 with ``failure`` if the probe fails.

    https://cloud.google.com/run/docs/configuring/healthchecks
    """

    async def answer(request: UploadRequest) -> Response:
        if await probe():
            return create_text(200, "ok")
        response = create_text(503, failure)
        response.headers.update(_RETRY)
        return response

    return answer


_RETRY: Mapping[str, str] = {"retry-after": "2"}


async def is_running() -> bool:
    """Return True: a process that responds is alive."""
    return True
