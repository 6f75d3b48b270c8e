"""Errors of refused requests.

::

    RequestError
    ├── MethodNotAllowed   405  neither GET nor HEAD
    ├── NotAcceptable      406  no representation in a media type of the client
    ├── UrlTooLong         414
    └── HeadersTooLarge    431

``access.errors.Unauthorized`` is 401. Absent objects and those outside the token's scope are
``cloud.errors.NotFound`` (404). Any other ``CloudError`` is a fault of the index (503).
"""


class RequestError(Exception):
    """Invalid request of a client."""


class MethodNotAllowed(RequestError):
    """Method other than GET and HEAD, the methods of a read-only index."""


class NotAcceptable(RequestError):
    """Request without a matching media type in ``Accept`` or ``format`` (PEP 691)."""


class UrlTooLong(RequestError):
    """Path and query that are longer than every URL of the index."""


class HeadersTooLarge(RequestError):
    """Header fields that are larger than those of installers."""
