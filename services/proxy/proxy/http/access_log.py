"""Access log: one structured line per request, with the name of the token, not the token."""

import logging
import re
import time
import traceback
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.refresh import CacheStatus
from chassis import logs

logger = logging.getLogger(__name__)

_LONGEST_PATH = 512
"""Maximum length of a path in the log, in bytes."""
_INTERNAL_ERROR = 500
_SCOPE_KEY = "gcpypi.access_record"
_CLIENT = re.compile(r"([\w.-]{1,64})/([\w.+!-]{1,64})", re.ASCII)
"""First product of ``User-Agent`` (RFC 9110 §10.1.5)."""


@dataclass(slots=True)
class AccessRecord:
    """Facts of one request, collected while it is answered."""

    token: str | None = None
    """The name of the token."""
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
        path = _escape_path(scope["raw_path"][:_LONGEST_PATH])
        message = f"{scope['method']} {path} {self.status}"
        if self.status == _INTERNAL_ERROR and self.error is not None:
            message = f"{message}\n{''.join(traceback.format_exception(self.error)).rstrip()}"
        failed = self.status >= _INTERNAL_ERROR or self.error is not None
        level = logging.ERROR if failed else logging.INFO
        headers = dict(reversed(scope["headers"]))  # the first of repeated fields
        client = _CLIENT.match(headers.get(b"user-agent", b"").decode("latin-1"))
        trace = headers.get(b"x-cloud-trace-context") or headers.get(b"traceparent") or b""
        facts = {
            "token": self.token,
            "client": client and client[1],
            "client_version": client and client[2],
            "method": scope["method"],
            "path": path,
            "project": self.project,
            "file": self.file,
            "status": self.status,
            "bytes": self.sent,
            "cache": self.cache,
            "incomplete": None if self.is_complete else True,
            "error": f"{type(self.error).__name__}: {self.error}" if self.error else None,
            "milliseconds": round(seconds * 1000, 1),
            **logs.parse_trace(trace.decode("latin-1"), gcp_project),
        }
        logs.write(logger, level, message, facts)


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


def _escape_path(raw: bytes) -> str:
    """Return a path in ASCII, with DEL escaped. JSON escapes the other control characters."""
    return raw.decode("ascii", "backslashreplace").replace("\x7f", "\\x7f")
