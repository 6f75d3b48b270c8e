"""ASGI endpoints: checks of requests, calls of handlers, and responses to exceptions."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from access.authentication import Authenticator
from cloud.errors import NotFound
from proxy.http.error_responses import (
    ERROR_RESPONSES,
    RETRY_AFTER,
    ErrorResponses,
    find_response,
    is_refusal,
)
from proxy.http.locations import locate_home
from proxy.http.negotiation import prefers_html
from proxy.http.paths import has_plain_segments
from proxy.http.requests import IndexRequest
from proxy.http.responses import create_text_response
from schemas.holders import Holder
from schemas.identities import OidcIdentity

Handler = Callable[[IndexRequest, Holder], Awaitable[Response]]
"""Handler of one route for a holder."""


class Endpoint(ABC):
    """ASGI application of one route."""

    error_responses: ErrorResponses = ERROR_RESPONSES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request.

        If an error occurs after the start of the response, the response ends early.
        """
        request = IndexRequest(scope, receive, send)
        record = request.record
        try:
            response = await self.respond(request)
            await response(scope, receive, send)
        except Exception as error:
            if record.status or not is_refusal(error):
                record.error = error
            if not record.status:
                response = find_response(error, self.error_responses, _find_home(request))
                await response(scope, receive, send)

    @abstractmethod
    async def respond(self, request: IndexRequest) -> Response:
        """Return the response to a request."""


class TokenEndpoint(Endpoint):
    """Endpoint for holders of a token or of an ID token."""

    def __init__(
        self,
        authenticator: Authenticator,
        handler: Handler,
        error_responses: ErrorResponses = ERROR_RESPONSES,
    ) -> None:
        self._authenticator, self._handler = authenticator, handler
        self.error_responses = error_responses

    async def respond(self, request: IndexRequest) -> Response:
        """Check the credential, then the request, and call the handler.

        The credential comes first, so a client without one gets no other information.

        :raises Unauthorized: if the request has no valid token or ID token.
        :raises RequestError: if method, URL or header fields are outside the limits.
        :raises NotFound: if the path has a character outside the grammar of paths.
        """
        holder = await self._authenticator.authenticate(request.fields.get("authorization", ""))
        if isinstance(holder, OidcIdentity):
            request.record.identity = holder.name
        else:
            request.record.token = holder.name
        request.check_limits()
        if not has_plain_segments(request.scope["raw_path"]):
            raise NotFound("no such URL")
        return await self._handler(request, holder)


class ProbeEndpoint(Endpoint):
    """Endpoint for the probes of Cloud Run, which send no token.

    https://cloud.google.com/run/docs/configuring/healthchecks
    """

    def __init__(self, probe: Callable[[], Awaitable[bool]], failure: str) -> None:
        self._probe, self._failure = probe, failure

    async def respond(self, request: IndexRequest) -> Response:
        """Return 200, or 503 if the probe fails."""
        request.check_limits()
        if await self._probe():
            return create_text_response(200, "ok")
        return create_text_response(503, self._failure, RETRY_AFTER)


def _find_home(request: IndexRequest) -> str | None:
    """Return the relative URL of the home page for a browser; None for a tool."""
    if prefers_html(request.fields.get("accept", "")):
        return locate_home(request.scope["raw_path"])
    return None


async def is_alive() -> bool:
    """Return True: a process that responds is alive."""
    return True
