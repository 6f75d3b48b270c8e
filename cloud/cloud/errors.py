"""Errors of buckets, topics and secrets.

::

    CloudError
    ├── NotFound             no such object, generation or secret version
    ├── PreconditionFailed   another writer was first (412)
    ├── TooManyRequests      too many writes to one object name (429)
    ├── PermissionDenied     the service account lacks a role (401, 403)
    ├── Unavailable          the service failed or did not respond (5xx, resets, timeouts)
    │   ├── MissingCredentials   no credentials, or credentials that ended
    │   └── MissingBucket    no such bucket; its objects are not known to be absent
    └── Unreadable           an object or a secret version is not a valid document

The adapters catch the exceptions of Google's libraries and raise these ``from`` them.
"""

from collections.abc import Mapping
from http import HTTPStatus


class CloudError(Exception):
    """Failure of a request to Google Cloud.

    :param subject: the resource: ``gs://bucket/name``, a topic or a secret version.
    :param detail: the message of Google Cloud or of its library.
    """

    def __init__(self, subject: str, detail: str = "") -> None:
        super().__init__(f"{subject}: {detail}" if detail else subject)
        self.subject = subject
        self.detail = detail


class NotFound(CloudError):
    """Absent object, generation or secret version."""


class PreconditionFailed(CloudError):
    """Live generation other than the generation of the request."""


class TooManyRequests(CloudError):
    """More than about one write per second to an object name."""


class PermissionDenied(CloudError):
    """Missing permission of the service account of this service. Never a sign of absence."""


class Unavailable(CloudError):
    """Service that failed, closed the connection or did not respond in time."""


class MissingCredentials(Unavailable):
    """No credentials of Google Cloud, or credentials that ended."""


class MissingBucket(Unavailable):
    """Absent bucket. No object of it may count as absent.

    A service that took a lost bucket for an empty one would write new records without the old
    facts and registers.
    """

    def __init__(self, subject: str, detail: str = "") -> None:
        remedy = "restore the bucket (docs/operate.md), or correct its name in the settings"
        super().__init__(subject, f"{detail or 'The bucket does not exist'} ({remedy})")


class Unreadable(CloudError):
    """Invalid document. Its reader keeps the last valid one in force."""


BY_STATUS: Mapping[int, type[CloudError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
}
"""Errors of Cloud Storage by status code. Any other code is :class:`Unavailable`."""

_NO_BUCKET = "bucket does not exist"
"""Part of the message of Cloud Storage for an absent bucket. Its status is 404, as for objects."""


def choose_error(
    status: int, detail: str, others: Mapping[int, type[CloudError]] = BY_STATUS
) -> type[CloudError]:
    """Return the error of a response of Cloud Storage.

    :param detail: the message of the response.
    :param others: errors by status code; any other code is :class:`Unavailable`.
    """
    if status == HTTPStatus.NOT_FOUND and _NO_BUCKET in detail:
        return MissingBucket
    return others.get(status, Unavailable)
