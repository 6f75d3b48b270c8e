"""Errors of refused requests, with their status codes.

::

    RequestRefused
    ├── BadForm            400  malformed form, or form without a required field
    ├── MissingUpload      400  finalize without the bytes of the file
    ├── CrossSiteRequest   403  request of a browser from another site
    ├── UnknownPath        404
    ├── WrongMethod        405
    ├── SlowClient         408  too few bytes within the idle time-out
    ├── MissingLength      411  body without Content-Length
    ├── LongUrl            414
    └── LargeHeaders       431

``access.errors.Unauthorized`` is 401. ``checks.refusal.Refused`` is 400, 403 or 409, by its reason.
"""

from collections.abc import Mapping

NO_FIELDS: Mapping[str, str] = {}
_CLOSE: Mapping[str, str] = {"connection": "close"}


class RequestRefused(Exception):
    """Invalid request of a client.

    :param detail: error, place and remedy, in one or two sentences.
    """

    status = 400
    reason = "bad-request"
    """Stable code (``docs/refusals.md``)."""
    fields: Mapping[str, str] = NO_FIELDS
    """Additional header fields of the response."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BadForm(RequestRefused):
    """Malformed form, or form without a required field."""

    reason = "bad-form"


class MissingUpload(RequestRefused):
    """Request to finalize a file whose bytes have not arrived."""

    reason = "missing-upload"


class CrossSiteRequest(RequestRefused):
    """Request that a page of another site caused in a browser (Fetch Metadata)."""

    status = 403
    reason = "cross-site"


class UnknownPath(RequestRefused):
    """Path without a route."""

    status = 404
    reason = "unknown-path"


class WrongMethod(RequestRefused):
    """Method that the route does not have.

    :param allow: the methods of the route, for the field ``Allow``.
    """

    status = 405
    reason = "wrong-method"

    def __init__(self, detail: str, allow: str) -> None:
        super().__init__(detail)
        self.fields = {"allow": allow}


class SlowClient(RequestRefused):
    """Body of which too few bytes arrived within the idle time-out."""

    status = 408
    reason = "too-slow"
    fields = _CLOSE


class MissingLength(RequestRefused):
    """Body without a valid Content-Length."""

    status = 411
    reason = "missing-length"


class LongUrl(RequestRefused):
    """Path and query that are longer than every URL of the service."""

    status = 414
    reason = "long-url"


class LargeHeaders(RequestRefused):
    """Header fields that are larger than those of publishing tools."""

    status = 431
    reason = "large-headers"
