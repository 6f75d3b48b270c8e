"""What can go wrong with a bucket, a topic or a secret, in our words.

::

    CloudError
    ├── NotFound             no such object, generation or secret version
    ├── PreconditionFailed   somebody else wrote first (412)
    ├── TooManyRequests      one object name was written too often (429)
    ├── PermissionDenied     our own identity lacks a role (401, 403); never "not found"
    ├── Unavailable          the service failed or did not answer (5xx, resets, time-outs)
    └── Unreadable           an object or a secret version is not a valid document

The adapters catch the vendor's exceptions and raise these ``from`` them.
"""

from collections.abc import Mapping


class CloudError(Exception):
    """Something that was asked of Google Cloud did not happen.

    :param subject: what it was asked of, as ``gs://bucket/name``, a topic or a secret version.
    :param detail: the vendor's own words.
    """

    def __init__(self, subject: str, detail: str = "") -> None:
        super().__init__(f"{subject}: {detail}" if detail else subject)
        self.subject = subject
        self.detail = detail


class NotFound(CloudError):
    """The object, the generation, or the secret version does not exist."""


class PreconditionFailed(CloudError):
    """The object is not, or no longer, at the generation the request named."""


class TooManyRequests(CloudError):
    """The object name was written more than about once a second."""


class PermissionDenied(CloudError):
    """The identity this service runs as may not do that."""


class Unavailable(CloudError):
    """The service failed, broke off or did not answer in time."""


class Unreadable(CloudError):
    """A document is not valid. Its reader keeps the last good one in force."""


BY_STATUS: Mapping[int, type[CloudError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
}
"""The errors of Cloud Storage by status code; an unknown one is :class:`Unavailable`."""
