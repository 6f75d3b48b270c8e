"""Responses to exceptions.

================================ ======
exception                        status
================================ ======
``access.errors.Unauthorized``   401
``proxy.http.errors``            405, 406, 414, 431
``cloud.errors.NotFound``        404
any other ``CloudError``         503 with Retry-After, because it is a fault of the index
any other exception              500, with a traceback in the log
================================ ======
"""

from collections.abc import Mapping

from starlette.responses import Response

from access.errors import Unauthorized
from cloud.errors import CloudError, NotFound
from proxy.http import errors
from proxy.http.responses import create_text_response

RETRY_AFTER: Mapping[str, str] = {"retry-after": "2"}
"""Header field of a response to a temporary fault, in seconds."""
_CHALLENGE = 'Basic realm="gcpypi", charset="UTF-8"'

ERROR_RESPONSES: Mapping[type[Exception], Response] = {
    Unauthorized: create_text_response(
        401, "Unauthorized: send a valid token as the password.", {"www-authenticate": _CHALLENGE}
    ),
    NotFound: create_text_response(404, "Not found."),
    errors.MethodNotAllowed: create_text_response(
        405, "Method not allowed: use GET or HEAD.", {"allow": "GET, HEAD"}
    ),
    errors.NotAcceptable: create_text_response(
        406,
        'No representation matches the Accept header or the query parameter "format".',
        {"vary": "Accept"},
    ),
    errors.UrlTooLong: create_text_response(414, "The URL is too long."),
    errors.HeadersTooLarge: create_text_response(431, "The header fields are too large."),
    CloudError: create_text_response(503, "Temporarily unavailable.", RETRY_AFTER),
    Exception: create_text_response(500, "Internal error."),
}
"""Response by class of the exception. A subclass without an entry uses its base class."""

_REFUSALS = (Unauthorized, errors.RequestError, NotFound)
"""Exceptions of requests that the index refuses."""


def is_refusal(error: Exception) -> bool:
    """Return whether an exception is the refusal of a request, not a fault of the index."""
    return isinstance(error, _REFUSALS)


def find_response(error: Exception) -> Response:
    """Return the response of the exception's class, or of its nearest base class."""
    classes = type(error).__mro__
    return next(ERROR_RESPONSES[cls] for cls in classes if cls in ERROR_RESPONSES)
