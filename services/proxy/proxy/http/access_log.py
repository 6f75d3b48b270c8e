"""Access log: one structured line per request, with the name of the holder, no credential."""

import logging
import time
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.refresh import CacheStatus
from chassis.request_log import describe_error, describe_request, write_request

logger = logging.getLogger(__name__)

_INTERNAL_ERROR = 500
_SCOPE_KEY = "gcpypi.access_record"


@dataclass(slots=True)
class AccessRecord:
    """Facts of one request, collected while it is answered."""

    token: str | None = None
    """The name of the token."""
    identity: str | None = None
    """The name of the identity of an ID token."""
    project: str | None = None
    """The normalised name of the requested project."""
    file: str | None = None
    """The name of the requested file."""
    cache: CacheStatus | None = None
    """Cache status of the page or file."""
    status: int = 0
    """The status code; 0 before the response has started."""
    sent: int = 0
    """Bytes of the body."""
    is_complete: bool = False
    """False if the body ended early, by an error or because the client disconnected."""
    error: BaseException | None = field(default=None, repr=False)
    """Error that is no refusal, or any error after the start of the response."""

    @classmethod
    def from_scope(cls, scope: Scope) -> "AccessRecord":
        """Return the record of a request that passed through :class:`AccessLog`."""
        record: AccessRecord = scope[_SCOPE_KEY]
        return record

    def write(self, scope: Scope, gcp_project: str, seconds: float) -> None:
        """Write the line, with a traceback for an unexpected error."""
        failed = self.status >= _INTERNAL_ERROR or self.error is not None
        facts = {
            "token": self.token,
            "identity": self.identity,
            **describe_request(scope, gcp_project),
            "project": self.project,
            "file": self.file,
            "status": self.status,
            "bytes": self.sent,
            "cache": self.cache,
            "incomplete": None if self.is_complete else True,
            "error": describe_error(self.error),
            "milliseconds": round(seconds * 1000, 1),
        }
        write_request(logger, logging.ERROR if failed else logging.INFO, facts, self.error)


class AccessLog:
    """Outermost middleware. It writes the line of each request, also of a cancelled one."""

    def __init__(self, app: ASGIApp, gcp_project: str) -> None:
        self._app, self._gcp_project = app, gcp_project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and record the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        record = scope[_SCOPE_KEY] = AccessRecord()

        async def send_and_record(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
            await send(message)
            if message["type"] == "http.response.body":
                record.sent += len(message["body"])
                record.is_complete = not message.get("more_body", False)

        try:
            await self._app(scope, receive, send_and_record)
        finally:
            record.write(scope, self._gcp_project, time.perf_counter() - started)
