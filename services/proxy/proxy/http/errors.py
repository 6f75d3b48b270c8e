"""Refusals of requests.

::

    RequestError
    ├── MethodNotAllowed   405  neither GET nor HEAD
    ├── NotAcceptable      406  no representation in a media type of the client
    ├── AddressTooLong     414
    └── HeadersTooLarge    431

``access.errors.Unauthorized`` is 401. Absent objects and those outside the token's scope are
``cloud.errors.NotFound`` (404). Any other ``CloudError`` is a fault of the index (503).
"""


class RequestError(Exception):
    """Request that the client has to change."""


class MethodNotAllowed(RequestError):
    """The index is read-only: GET and HEAD."""


class NotAcceptable(RequestError):
    """No media type matches ``Accept`` or ``format`` (PEP 691)."""


class AddressTooLong(RequestError):
    """The request target is longer than any address of the index."""


class HeadersTooLarge(RequestError):
    """The header fields are larger than those of any client."""
