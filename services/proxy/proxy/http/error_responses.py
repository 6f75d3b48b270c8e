"""Responses to exceptions, as text or as a page.

================================ ======
exception                        status
================================ ======
``access.errors.Unauthorized``   401
``proxy.http.errors``            405, 406, 414, 431
``cloud.errors.NotFound``        404
any other ``CloudError``         503 with Retry-After, because it is a fault of the index
any other exception              500, with a traceback in the log
================================ ======

Browsers get a page; installers and other tools get text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from http import HTTPStatus

from starlette.responses import Response

from access.errors import Unauthorized
from cloud.errors import CloudError, NotFound
from proxy.http import errors
from proxy.http.responses import COMMON, create_text_response
from proxy.http.small_pages import SMALL_PAGE_FIELDS, render_small_page
from schemas.headers import NO_STORE

RETRY_AFTER: Mapping[str, str] = {"retry-after": "2"}
"""Header field of a response to a temporary fault, in seconds."""
_ALLOW: Mapping[str, str] = {"allow": "GET, HEAD"}
_CHALLENGE: Mapping[str, str] = {"www-authenticate": 'Basic realm="gcpypi", charset="UTF-8"'}


@dataclass(frozen=True, eq=False)
class ErrorResponse:
    """Response to a class of exceptions. Its text is prepared; its pages are cached."""

    status: int
    sentence: str
    """Sentence for tools."""
    fields: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""
    """Sentence for the user of a browser; empty if it is the same."""
    text: Response = field(init=False)
    """Response to a tool."""

    def __post_init__(self) -> None:
        text = create_text_response(self.status, self.sentence, self.fields)
        object.__setattr__(self, "text", text)


ErrorResponses = Mapping[type[Exception], ErrorResponse]

ERROR_RESPONSES: ErrorResponses = {
    Unauthorized: ErrorResponse(
        401,
        "Unauthorized: send a valid token as the password.",
        _CHALLENGE,
        "Sign in with any user name, and a valid token as the password.",
    ),
    NotFound: ErrorResponse(
        404, "Not found.", {}, "There is no such page, or your token is not for it."
    ),
    errors.MethodNotAllowed: ErrorResponse(405, "Method not allowed: use GET or HEAD.", _ALLOW),
    errors.NotAcceptable: ErrorResponse(
        406,
        'No representation matches the Accept header or the query parameter "format".',
        {"vary": "Accept"},
    ),
    errors.UrlTooLong: ErrorResponse(414, "The URL is too long."),
    errors.HeadersTooLarge: ErrorResponse(431, "The header fields are too large."),
    CloudError: ErrorResponse(
        503,
        "Temporarily unavailable.",
        RETRY_AFTER,
        "The index is temporarily unavailable. Reload this page in a few seconds.",
    ),
    Exception: ErrorResponse(
        500, "Internal error.", {}, "Internal error. Its traceback is in the log of the proxy."
    ),
}
"""Response by class of the exception. A subclass without an entry uses its base class."""

_REFUSALS = (Unauthorized, errors.RequestError, NotFound)
"""Exceptions of requests that the index refuses."""


def is_refusal(error: Exception) -> bool:
    """Return whether an exception is the refusal of a request, not a fault of the index."""
    return isinstance(error, _REFUSALS)


def create_error_responses(upload_url: str | None) -> ErrorResponses:
    """Return the responses of an index, which name the addresses for publishing and installing.

    :param upload_url: the URL of the upload service; None: there is none.
    """
    if upload_url is None:
        return ERROR_RESPONSES
    hint = f"This address is for installing; publish with POST to {upload_url}."
    return {
        **ERROR_RESPONSES,
        **{
            cls: replace(ERROR_RESPONSES[cls], sentence=f"{ERROR_RESPONSES[cls].sentence} {hint}")
            for cls in (NotFound, errors.MethodNotAllowed)
        },
    }


def find_response(
    error: Exception, responses: ErrorResponses = ERROR_RESPONSES, home: str | None = None
) -> Response:
    """Return the response of the exception's class, or of its nearest base class.

    The reason why an ID token is not valid is part of the response.

    :param home: relative URL of the home page, for the page of a browser; None: text for a tool.
    """
    found = next(responses[cls] for cls in type(error).__mro__ if cls in responses)
    if isinstance(error, Unauthorized) and error.reason:
        found = ErrorResponse(found.status, f"Unauthorized: {error.reason}.", found.fields)
    return found.text if home is None else _create_page(found, home)


@lru_cache(maxsize=256)
def _create_page(found: ErrorResponse, home: str) -> Response:
    title = f"{found.status} {HTTPStatus(found.status).phrase}"
    content = f"<p>{escape(found.advice or found.sentence)}</p>"
    fields = {**COMMON, "cache-control": NO_STORE, **found.fields, **SMALL_PAGE_FIELDS}
    return Response(render_small_page(title, content, home), found.status, fields)
