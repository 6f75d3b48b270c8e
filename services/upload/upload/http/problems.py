"""Answers to refused requests: a sentence, or a problem document (RFC 9457).

================================ ======
exception                        status
================================ ======
``access.errors.Unauthorized``   401
``upload.http.errors``           400, 403, 404, 405, 408, 411, 414, 431
``checks.refusal.Refused``       409 for ``exists``, 403 for ``not-allowed``, else 400
``cloud.errors.CloudError``      503 with Retry-After, because it is a fault of the index
any other exception              500, with a traceback in the log
================================ ======

Both forms begin with the stable reason code, which a publishing tool shows. uv shows a problem
document, twine, poetry and hatch show the sentence (twine: with ``--verbose``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.responses import JSONResponse, PlainTextResponse, Response

from access.errors import Unauthorized
from checks.refusal import Reason, Refused
from cloud.errors import CloudError
from schemas.headers import NO_STORE
from upload.http.errors import NO_FIELDS, RequestRefused

COMMON: Mapping[str, str] = {"x-content-type-options": "nosniff", "cache-control": NO_STORE}
"""Header fields of every response."""
_CHALLENGE = 'Basic realm="gcpypi upload", charset="UTF-8"'
_STATUS_BY_REASON: Mapping[str, int] = {Reason.EXISTS: 409, Reason.NOT_ALLOWED: 403}


@dataclass(frozen=True, slots=True)
class Problem:
    """Answer to a request that failed."""

    status: int
    reason: str
    """Stable code (``docs/refusals.md``)."""
    detail: str
    """Error, place and remedy, in one or two sentences."""
    fields: Mapping[str, str] = field(default_factory=lambda: NO_FIELDS)
    """Additional header fields."""

    @classmethod
    def from_error(cls, error: Exception) -> "Problem":
        """Return the answer to an exception. A fault of the index reveals nothing about it."""
        if isinstance(error, RequestRefused):
            return cls(error.status, error.reason, error.detail, error.fields)
        if isinstance(error, Refused):
            status = _STATUS_BY_REASON.get(error.reason, 400)
            return cls(status, error.reason, error.detail)
        if isinstance(error, Unauthorized):
            detail = error.reason or _HOW_TO_LOG_IN
            return cls(401, "unauthorized", detail, {"www-authenticate": _CHALLENGE})
        if isinstance(error, CloudError):
            return cls(503, "unavailable", _TRY_AGAIN, {"retry-after": "5"})
        return cls(500, "internal", "the upload service failed: see its log, and try again")

    @property
    def is_refusal(self) -> bool:
        """Whether the client caused it, not the index."""
        return self.status < HTTPStatus.INTERNAL_SERVER_ERROR

    def create_response(self, *, as_document: bool) -> Response:
        """Return the response, as a problem document or as a sentence."""
        text, headers = f"{self.reason}: {self.detail}", {**COMMON, **self.fields}
        if not as_document:
            return PlainTextResponse(f"{text}\n", self.status, headers)
        document = {
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": text,
            "reason": self.reason,
        }
        return JSONResponse(document, self.status, headers, "application/problem+json")


_HOW_TO_LOG_IN = (
    "send a publishing token of this index as the password, with the user name __token__; tokens"
    " for reading do not publish (docs/publish.md)"
)
_TRY_AGAIN = "Google Cloud did not answer in time: repeat the same command"


def create_text(status: int, sentence: str) -> Response:
    """Return a response in plain text that no cache stores."""
    return PlainTextResponse(f"{sentence}\n", status, COMMON)
