"""A secret's latest version, over google-cloud-secret-manager."""

from dataclasses import dataclass, field

import grpc
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from cloud import errors

_TIMEOUT = 5.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One version of a secret."""

    name: str
    """``projects/<project>/secrets/<secret>/versions/<number>``."""
    data: bytes = field(repr=False)


def connect(emulator_host: str | None = None) -> SecretManagerServiceClient:
    """Make a client, of the stand-in at ``emulator_host`` (``host:port``) if that is given.

    The library itself knows no emulator, as Google offers none.
    """
    if emulator_host is None:
        return SecretManagerServiceClient()
    channel = grpc.insecure_channel(emulator_host)
    return SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))


class Secret:
    """One secret of Secret Manager."""

    def __init__(self, client: SecretManagerServiceClient, project: str, name: str) -> None:
        self._client = client
        self._path = f"{client.secret_path(project, name)}/versions/latest"

    def latest(self) -> SecretVersion:
        """Access the most recently created version.

        :raises NotFound: if there is no secret, or no version of it.
        :raises PermissionDenied: if this service may not access it.
        :raises Unavailable: if that version is disabled or destroyed, or nobody answered.
        """
        try:
            answer = self._client.access_secret_version(name=self._path, timeout=_TIMEOUT)
        except exceptions.PermissionDenied as error:
            raise errors.PermissionDenied(self._path, str(error)) from error
        except exceptions.NotFound as error:
            raise errors.NotFound(self._path, str(error)) from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise errors.Unavailable(self._path, str(error)) from error
        return SecretVersion(name=answer.name, data=answer.payload.data)
