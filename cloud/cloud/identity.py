"""Access tokens of the service account, for requests without a Google library."""

import asyncio
import threading
from collections.abc import Mapping
from functools import partial

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from cloud.errors import Unavailable

READ_STORAGE = "https://www.googleapis.com/auth/devstorage.read_only"
READ_CLOUD = "https://www.googleapis.com/auth/cloud-platform.read-only"
SIGN = "https://www.googleapis.com/auth/iam"
_TIMEOUT = 5.0
"""Seconds to wait for the metadata server. The default of google-auth is two minutes."""


def find_credentials(scope: str) -> Credentials:
    """Return the application default credentials: on Cloud Run, those of the service account.

    https://cloud.google.com/docs/authentication/application-default-credentials

    :raises GoogleAuthError: if there are none.
    """
    credentials: Credentials = google.auth.default(scopes=(scope,))[0]
    return credentials


def has_credentials() -> bool:
    """Return whether there are application default credentials. They can have ended."""
    try:
        find_credentials(READ_CLOUD)
    except GoogleAuthError:
        return False
    return True


class AccessToken:
    """Access token for the requests of threads, renewed before its end."""

    def __init__(self, scope: str, credentials: Credentials | None = None) -> None:
        self._scope, self._credentials, self._lock = scope, credentials, threading.Lock()

    def get_value(self) -> str:
        """Return a valid token.

        :raises Unavailable: if no token can be fetched.
        """
        with self._lock:
            credentials = self._credentials
            if credentials is None or not credentials.valid:
                credentials = self._credentials = refresh(credentials, self._scope)
            return str(credentials.token)


def refresh(credentials: Credentials | None, scope: str) -> Credentials:
    """Return credentials with a new token; without credentials, the default ones.

    :raises Unavailable: if no token can be fetched.
    """
    try:
        credentials = credentials or find_credentials(scope)
        credentials.refresh(partial(Request(), timeout=_TIMEOUT))  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise Unavailable("access token", str(error)) from error
    return credentials


class Identity:
    """Access token that is fetched on demand, once for all waiting requests."""

    def __init__(self, scope: str, credentials: Credentials | None = None) -> None:
        self._scope, self._credentials = scope, credentials
        self._refreshing: asyncio.Task[Credentials] | None = None

    async def get_headers(self) -> Mapping[str, str]:
        """Return the header fields with the access token.

        :raises Unavailable: if no token can be fetched.
        """
        credentials = self._get_valid_credentials()
        if credentials is None:
            credentials = await self._renew()
        headers: dict[str, str] = {}
        credentials.apply(headers)  # type: ignore[no-untyped-call]  # google-auth's
        return headers

    def _get_valid_credentials(self) -> Credentials | None:
        """Return the credentials if their token is valid for some more minutes (google-auth)."""
        return self._credentials if self._credentials and self._credentials.valid else None

    async def _renew(self) -> Credentials:
        """Wait for the current refresh. A cancelled request does not cancel it."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(asyncio.to_thread(self._refresh))
        return await asyncio.shield(self._refreshing)

    def _refresh(self) -> Credentials:
        self._credentials = refresh(self._credentials, self._scope)
        return self._credentials
