"""ASGI endpoints: check the request, call its handler, and turn exceptions into responses.

================================ ======
exception                        status
================================ ======
``access.errors.Unauthorized``   401
``proxy.http.errors``            405, 406, 414, 431
``cloud.errors.NotFound``        404
any other ``CloudError``         503 with Retry-After: a fault of the index is never a 404
any other exception              500, with a traceback in the log
================================ ======
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from access.authentication import Authenticator
from access.errors import Unauthorized
from cloud.errors import CloudError, NotFound
from proxy.http import errors
from proxy.http.paths import has_plain_segments
from proxy.http.requests import IndexRequest
from proxy.http.responses import create_text_response
from schemas.tokens import Token

Handler = Callable[[IndexRequest, Token], Awaitable[Response]]
"""Handler of one route for the holder of a token."""

_RETRY: Mapping[str, str] = {"retry-after": "2"}
_CHALLENGE = 'Basic realm="gcpypi", charset="UTF-8"'

ERROR_RESPONSES: Mapping[type[Exception], Response] = {
    Unauthorized: create_text_response(
        401, "A valid token is needed, as the password.", {"www-authenticate": _CHALLENGE}
    ),
    NotFound: create_text_response(404, "Not found."),
    errors.MethodNotAllowed: create_text_response(
        405, "GET and HEAD only.", {"allow": "GET, HEAD"}
    ),
    errors.NotAcceptable: create_text_response(
        406, "No acceptable representation.", {"vary": "Accept"}
    ),
    errors.AddressTooLong: create_text_response(414, "The address is too long."),
    errors.HeadersTooLarge: create_text_response(431, "The header fields are too large."),
    CloudError: create_text_response(503, "Temporarily unavailable.", _RETRY),
    Exception: create_text_response(500, "Internal error."),
}
"""Response for each class of exceptions; a subclass without an entry has its base class's."""

_REFUSALS = (Unauthorized, errors.RequestError, NotFound)
"""Exceptions that are no error of the index."""


class Endpoint(ABC):
    """ASGI application of one route."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request. After the first byte of a response an error only ends it."""
        request = IndexRequest(scope, receive, send)
        record = request.record
        try:
            response = await self.respond(request)
            await response(scope, receive, send)
        except Exception as error:
            record.error = None if isinstance(error, _REFUSALS) else error
            if not record.status:
                await _find_response(error)(scope, receive, send)

    @abstractmethod
    async def respond(self, request: IndexRequest) -> Response:
        """Return the response to a request."""


class TokenEndpoint(Endpoint):
    """Endpoint for holders of a token."""

    def __init__(self, authenticator: Authenticator, handler: Handler) -> None:
        self._authenticator, self._handler = authenticator, handler

    async def respond(self, request: IndexRequest) -> Response:
        """Authenticate first, so that a client without a token learns nothing else.

        :raises Unauthorized: if the request has no valid token.
        :raises NotFound: if the path has a character outside the grammar of paths.
        """
        token = await self._authenticator.authenticate(request.fields.get("authorization", ""))
        request.record.token = token.name
        request.check_limits()
        if not has_plain_segments(request.scope["raw_path"]):
            raise NotFound("no such address")
        return await self._handler(request, token)


class ProbeEndpoint(Endpoint):
    """Endpoint for the probes of Cloud Run, which send no token.

    https://cloud.google.com/run/docs/configuring/healthchecks
    """

    def __init__(self, probe: Callable[[], Awaitable[bool]]) -> None:
        self._probe = probe

    async def respond(self, request: IndexRequest) -> Response:
        """Return 200, or 503 if the probe fails."""
        request.check_limits()
        if await self._probe():
            return create_text_response(200, "ok")
        return create_text_response(503, "No tokens yet.", _RETRY)


async def is_alive() -> bool:
    """Return True: a process that responds is alive."""
    return True


def _find_response(error: Exception) -> Response:
    classes = type(error).__mro__
    return next(ERROR_RESPONSES[cls] for cls in classes if cls in ERROR_RESPONSES)
