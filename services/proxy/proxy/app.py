"""The proxy's ASGI shell: who asks, what for, what is answered, and one log line.

Bare ASGI, as a cached page needs no routing: its answer lies ready, header fields and all.

=================================== ======
what is raised                      answer
=================================== ======
:class:`~proxy.errors.RequestError` 401, 405, 406, 414, 431: see there
``cloud.errors.NotFound``           404
any other ``CloudError``            503, with Retry-After: our own fault is never "not found"
any other exception                 500, and its traceback in the log
=================================== ======
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from starlette.types import Receive, Scope, Send

from cloud.errors import CloudError, NotFound
from proxy import errors, paths
from proxy.access_log import AccessLine
from proxy.credentials import password_of
from proxy.library import Library
from proxy.refresh import Refreshing
from proxy.replies import Elsewhere, Reply, moved, plain, respond, sent
from proxy.requests import Request, joined
from proxy.token_set import TokenSet
from proxy.transfer import Transfer
from schemas.tokens import Token

_RETRY: Mapping[str, str] = {"retry-after": "2"}
_CHALLENGE = 'Basic realm="gcpypi", charset="UTF-8"'

ANSWERS: Mapping[type[Exception], Reply] = {
    errors.Unauthorized: plain(
        401, "A valid token is needed, as the password.", {"www-authenticate": _CHALLENGE}
    ),
    NotFound: plain(404, "Not found."),
    errors.MethodNotAllowed: plain(405, "GET and HEAD only.", {"allow": "GET, HEAD"}),
    errors.NotAcceptable: plain(406, "No acceptable representation.", {"vary": "Accept"}),
    errors.AddressTooLong: plain(414, "The address is too long."),
    errors.HeadersTooLarge: plain(431, "The header fields are too large."),
    CloudError: plain(503, "Temporarily unavailable.", _RETRY),
    Exception: plain(500, "Internal error."),
}
"""What an exception is answered with: its own class's reply, or else its nearest base class's."""


class Proxy:
    """The ASGI application.

    :param max_content_length: the largest Content-Length of a streamed answer, in bytes.
    :param now: tells the time, by which tokens expire.
    :param close: gives back what the library stands on, when all requests are answered.
    """

    def __init__(
        self,
        library: Library,
        tokens: Refreshing[TokenSet],
        *,
        cloud_project: str,
        max_content_length: int | None,
        now: Callable[[], datetime],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._library, self._tokens, self._now, self._close = library, tokens, now, close
        self._cloud_project, self._max_length = cloud_project, max_content_length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and log it; or start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        started = time.perf_counter()
        request = Request(
            method=scope["method"],
            raw_path=scope["raw_path"],
            query=scope["query_string"].decode("latin-1"),
            headers=joined(scope["headers"]),
        )
        line, transfer = AccessLine(request, self._cloud_project), Transfer(receive, send)
        try:
            await transfer.send(await self._reply(request, line))
        except Exception as error:  # every one is answered by the table, and logged
            line.error = None if isinstance(error, errors.RequestError | NotFound) else error
            if not transfer.is_started:
                await transfer.send(_answer_to(error))
        finally:  # also of what is cancelled at the end of the grace after SIGTERM
            line.status, line.sent = transfer.status, transfer.sent
            line.is_complete = transfer.is_complete
            line.write(time.perf_counter() - started)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Read the tokens at start; without them the proxy starts, but is not ready."""
        await receive()
        await self._ready()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _reply(self, request: Request, line: AccessLine) -> Reply:
        if request.raw_path in (b"/health", b"/ready"):
            return await self._probe(request)
        token = await self._holder(request)
        line.token = token.name
        request.check_limits()
        line.target = target = paths.parse(request.raw_path)
        if target is None:
            raise NotFound("no such address")
        if isinstance(target, paths.Redirect):
            return moved(target.path, request.query)
        found, line.cache = await self._library.find(target, token, request)
        if isinstance(found, Elsewhere):
            return sent(found)
        reply = respond(found, request.method, request.headers, self._max_length)
        if found.under_way is not None and reply.body is not found.under_way:
            await found.under_way.aclose()
        return reply

    async def _holder(self, request: Request) -> Token:
        """Who asks.

        :raises Unauthorized: if nobody says so.
        :raises CloudError: if no token set was ever read.
        """
        tokens = self._tokens.fresh() or (await self._tokens.get())[0]
        password = password_of(request.headers.get("authorization", ""))
        token = tokens.find(password, self._now()) if password else None
        if token is None:
            raise errors.Unauthorized
        return token

    async def _probe(self, request: Request) -> Reply:
        request.check_limits()
        if request.raw_path == b"/ready" and not await self._ready():
            return plain(503, "No tokens yet.", _RETRY)
        return plain(200, "ok")

    async def _ready(self) -> bool:
        try:
            await self._tokens.get()
        except CloudError:  # logged where it was tried
            return False
        return True


def _answer_to(error: Exception) -> Reply:
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
