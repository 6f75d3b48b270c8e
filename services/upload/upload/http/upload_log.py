"""Access log: one structured line per request, with the name of the holder, not the credential."""

import logging
import time
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.request_log import describe_error, describe_request, write_request

logger = logging.getLogger(__name__)

_INTERNAL_ERROR = 500
_SCOPE_KEY = "gcpypi.upload_facts"


@dataclass(slots=True)
class UploadFacts:
    """Facts of one request, collected while it is answered."""

    holder: str | None = None
    """The name of the holder of the credential."""
    uploader: str | None = None
    """The uploader of the holder."""
    project: str | None = None
    """The normalised name of the project."""
    file: str | None = None
    """The name of the file."""
    reason: str | None = None
    """Stable code of a refusal."""
    warnings: list[str] = field(default_factory=list)
    """Parts of the form that the service ignores."""
    status: int = 0
    """The status code; 0 before the response has started."""
    received: int = 0
    """Bytes of the body of the request."""
    has_client_left: bool = False
    """Whether the client disconnected before the end of its body."""
    error: BaseException | None = field(default=None, repr=False)
    """Fault of the service, not of the client."""

    @classmethod
    def from_scope(cls, scope: Scope) -> "UploadFacts":
        """Return the facts of a request that passed through :class:`UploadLog`."""
        facts: UploadFacts = scope[_SCOPE_KEY]
        return facts

    def write(self, scope: Scope, gcp_project: str, seconds: float) -> None:
        """Write the line, with a traceback for an unexpected error."""
        values = {
            "holder": self.holder,
            "uploader": self.uploader,
            **describe_request(scope, gcp_project),
            "http_version": scope.get("http_version"),
            "project": self.project,
            "file": self.file,
            "status": self.status,
            "reason": self.reason,
            "warnings": self.warnings or None,
            "bytes": self.received,
            "incomplete": True if self.has_client_left else None,
            "error": describe_error(self.error),
            "milliseconds": round(seconds * 1000, 1),
        }
        write_request(logger, self._choose_level(), values, self.error)

    def _choose_level(self) -> int:
        if self.error is not None or self.status >= _INTERNAL_ERROR:
            return logging.ERROR
        return logging.WARNING if self.reason or self.warnings else logging.INFO


class UploadLog:
    """Outermost middleware. It writes the line of each request, also of a cancelled one."""

    def __init__(self, app: ASGIApp, gcp_project: str) -> None:
        self._app, self._gcp_project = app, gcp_project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and record the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        facts = scope[_SCOPE_KEY] = UploadFacts()

        async def send_and_record(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_record)
        finally:
            facts.write(scope, self._gcp_project, time.perf_counter() - started)
