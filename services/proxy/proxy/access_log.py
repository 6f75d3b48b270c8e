"""The access log: one structured line a request, with the token's name and never the token."""

import logging
import traceback
from dataclasses import dataclass, field
from http import HTTPStatus

from cloud import logs
from proxy.paths import CoreMetadata, File, LegacyJson, Project, Target
from proxy.refresh import Freshness
from proxy.requests import Request

logger = logging.getLogger(__name__)

_LONGEST_PATH = 512


@dataclass(slots=True)
class AccessLine:
    """What becomes known of a request while it is answered."""

    request: Request
    cloud_project: str
    token: str | None = None
    """The name of the token it came with."""
    target: Target | None = None
    """What it names."""
    cache: Freshness | None = None
    status: int = 0
    sent: int = 0
    """Bytes of body."""
    is_complete: bool = True
    """False where the body broke off: by an error of ours, or because the client left."""
    error: BaseException | None = field(default=None, repr=False)
    """What went wrong on our side."""

    def write(self, seconds: float) -> None:
        """Write the line, with the traceback of an error nobody expected."""
        failed = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.error is not None
        path = _printable(self.request.raw_path[:_LONGEST_PATH])
        message = f"{self.request.method} {path} {self.status}"
        if self.status == HTTPStatus.INTERNAL_SERVER_ERROR and self.error is not None:
            message = f"{message}\n{''.join(traceback.format_exception(self.error)).rstrip()}"
        level = logging.ERROR if failed else logging.INFO
        logs.write(logger, level, message, self._facts(path, seconds))

    def _facts(self, path: str, seconds: float) -> dict[str, object]:
        headers = self.request.headers
        client, version = self.request.client()
        project, file = _named(self.target)
        return {
            "token": self.token,
            "client": client,
            "client_version": version,
            "method": self.request.method,
            "path": path,
            "project": project,
            "file": file,
            "status": self.status,
            "bytes": self.sent,
            "cache": self.cache,
            "incomplete": None if self.is_complete else True,
            "error": f"{type(self.error).__name__}: {self.error}" if self.error else None,
            "milliseconds": round(seconds * 1000, 1),
            **logs.trace(
                headers.get("x-cloud-trace-context") or headers.get("traceparent"),
                self.cloud_project,
            ),
        }


def _printable(raw: bytes) -> str:
    """A path in ASCII; JSON escapes what is below the space, but not the last one, DEL."""
    return raw.decode("ascii", "backslashreplace").replace("\x7f", "\\x7f")


def _named(target: Target | None) -> tuple[str | None, str | None]:
    """The project and the file that a request names."""
    match target:
        case Project(project) | LegacyJson(project):
            return project, None
        case File(project, filename) | CoreMetadata(project, filename):
            return project, filename
    return None, None
