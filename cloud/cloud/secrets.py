"""Secrets and their versions over google-cloud-secret-manager."""

from dataclasses import dataclass, field

import grpc
from google.api_core.exceptions import FailedPrecondition
from google.cloud.secretmanager_v1 import SecretManagerServiceClient, SecretPayload
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from cloud.errors import Unreadable
from cloud.translation import translate_errors

_TIMEOUT = 5.0
"""Seconds to wait for a response."""

MAX_SIZE = 64 * 1024
"""Bytes of a version. https://cloud.google.com/secret-manager/quotas#content_limits"""


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One version of a secret."""

    name: str
    """``projects/<project>/secrets/<secret>/versions/<number>``."""
    data: bytes = field(repr=False)

    @property
    def number(self) -> int:
        """Number of the version, counted from 1 in the order of creation."""
        return int(self.name.rpartition("/")[2])


def connect(
    emulator_host: str | None = None, *, quota_project: str | None = None
) -> SecretManagerServiceClient:
    """Create a client of the stand-in at ``emulator_host`` (``host:port``), or of Secret Manager.

    The library has no setting for an emulator, because Google offers none.

    :param quota_project: project of the quota for the requests. A person's credentials have
        another one, or none; those of a service account need none.
    :raises Unavailable: if there are no credentials.
    """
    if emulator_host is None:
        with translate_errors("Secret Manager"):
            options = {"quota_project_id": quota_project} if quota_project else None
            return SecretManagerServiceClient(client_options=options)
    channel = grpc.insecure_channel(emulator_host)
    return SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))


class Secret:
    """One secret of Secret Manager.

    Every method can raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`. A disabled or destroyed version is ``Unreadable``.
    """

    def __init__(self, client: SecretManagerServiceClient, project: str, name: str) -> None:
        self._client = client
        self._path: str = client.secret_path(project, name)

    def access_latest(self) -> SecretVersion:
        """Return the newest version.

        :raises NotFound: if there is no secret, or if it has no version.
        """
        return self._access("latest")

    def access_version(self, number: int) -> SecretVersion:
        """Return a version by its number. Unlike ``latest`` a number is strongly consistent.

        https://cloud.google.com/secret-manager/docs/consistency

        :raises NotFound: if there is no such version.
        """
        return self._access(str(number))

    def add(self, data: bytes) -> int:
        """Add a version and return its number.

        :raises NotFound: if there is no secret.
        """
        with translate_errors(self._path):
            added = self._client.add_secret_version(
                parent=self._path, payload=SecretPayload(data=data), timeout=_TIMEOUT
            )
        return SecretVersion(added.name, data).number

    def _access(self, alias: str) -> SecretVersion:
        path = f"{self._path}/versions/{alias}"
        with translate_errors(path):
            # The retry of the library would continue for a minute and ignore the timeout.
            try:
                answer = self._client.access_secret_version(name=path, timeout=_TIMEOUT, retry=None)
            except FailedPrecondition as error:
                raise Unreadable(path, error.message) from error
        return SecretVersion(name=answer.name, data=answer.payload.data)
