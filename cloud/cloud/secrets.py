"""A secret and its versions, over google-cloud-secret-manager."""

from dataclasses import dataclass, field

import grpc
from google.cloud.secretmanager_v1 import SecretManagerServiceClient, SecretPayload
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from cloud.translation import translate_errors

_TIMEOUT = 5.0
"""Seconds to wait for an answer."""

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
        """Which version it is, counted from 1 in the order they were added."""
        return int(self.name.rpartition("/")[2])


def connect(emulator_host: str | None = None) -> SecretManagerServiceClient:
    """Make a client, of the stand-in at ``emulator_host`` (``host:port``) if that is given.

    The library itself knows no emulator, as Google offers none.
    """
    if emulator_host is None:
        return SecretManagerServiceClient()
    channel = grpc.insecure_channel(emulator_host)
    return SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))


class Secret:
    """One secret of Secret Manager.

    Every method may raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`, the latter also for a version that is disabled or destroyed.
    """

    def __init__(self, client: SecretManagerServiceClient, project: str, name: str) -> None:
        self._client = client
        self._path: str = client.secret_path(project, name)

    def latest(self) -> SecretVersion:
        """Access the most recently created version.

        :raises NotFound: if there is no secret, or no version of it.
        """
        return self._access("latest")

    def version(self, number: int) -> SecretVersion:
        """Access a version by its number, which unlike ``latest`` is never behind.

        https://cloud.google.com/secret-manager/docs/consistency

        :raises NotFound: if there is no such version.
        """
        return self._access(str(number))

    def add(self, data: bytes) -> int:
        """Add a version; return its number.

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
            # Without the library's own retry, which would go on for a minute whatever the timeout.
            answer = self._client.access_secret_version(name=path, timeout=_TIMEOUT, retry=None)
        return SecretVersion(name=answer.name, data=answer.payload.data)
