"""Refusals of requests.

::

    RequestError
    ├── Unauthorized       401  no token, or an unknown or expired one
    ├── MethodNotAllowed   405  neither GET nor HEAD
    ├── NotAcceptable      406  no representation in a media type of the client
    ├── AddressTooLong     414
    └── HeadersTooLarge    431

Absent objects and those outside the token's scope are :class:`cloud.errors.NotFound` (404).
Every other :class:`cloud.errors.CloudError` is a fault of the index (503).
"""

from cloud.errors import CloudError


class RequestError(Exception):
    """Request that the client has to change."""


class Unauthorized(RequestError):
    """The request has no valid token."""


class MethodNotAllowed(RequestError):
    """The index is read-only: GET and HEAD."""


class NotAcceptable(RequestError):
    """No media type matches ``Accept`` or ``format`` (PEP 691)."""


class AddressTooLong(RequestError):
    """The request target is longer than any address of the index."""


class HeadersTooLarge(RequestError):
    """The header fields are larger than those of any client."""


class Unreadable(CloudError):
    """A document is not valid; the last good one stays in force."""
