"""Why a request is refused.

::

    RequestError
    ├── Unauthorized       401  no token, or one that is unknown or expired
    ├── MethodNotAllowed   405  neither GET nor HEAD
    ├── NotAcceptable      406  no representation that the client takes
    ├── AddressTooLong     414
    └── HeadersTooLarge    431

What does not exist, or lies outside the token's scope, is :class:`cloud.errors.NotFound` (404);
every other :class:`cloud.errors.CloudError` is a fault of ours (503).
"""

from cloud.errors import CloudError


class RequestError(Exception):
    """The client has to ask differently."""


class Unauthorized(RequestError):
    """There is no valid token in the request."""


class MethodNotAllowed(RequestError):
    """The index is read-only: GET and HEAD."""


class NotAcceptable(RequestError):
    """Nothing on offer matches ``Accept`` or ``format`` (PEP 691)."""


class AddressTooLong(RequestError):
    """The request's target is longer than any of ours."""


class HeadersTooLarge(RequestError):
    """The request's header fields are larger than any client's."""


class Unreadable(CloudError):
    """What was read is not what it should be: the last good one stays in force."""
