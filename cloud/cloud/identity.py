"""The identity this service runs as: its access token, where no library asks on its behalf."""

import asyncio
from collections.abc import Mapping
from functools import partial

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from cloud.errors import Unavailable

READ_STORAGE = "https://www.googleapis.com/auth/devstorage.read_only"
SIGN = "https://www.googleapis.com/auth/iam"
_TIMEOUT = 5.0
"""Seconds to wait for the metadata server, of whom google-auth would wait for two minutes."""


def find(scope: str) -> Credentials:
    """Return the application default credentials: on Cloud Run, the service account's.

    https://cloud.google.com/docs/authentication/application-default-credentials

    :raises GoogleAuthError: if there are none.
    """
    credentials: Credentials = google.auth.default(scopes=(scope,))[0]
    return credentials


class Identity:
    """An access token that is fetched when it is needed, once however many ask."""

    def __init__(self, scope: str, credentials: Credentials | None = None) -> None:
        self._scope, self._credentials = scope, credentials
        self._refreshing: asyncio.Task[Credentials] | None = None

    async def fields(self) -> Mapping[str, str]:
        """Return the header fields that say who asks.

        :raises Unavailable: if no token could be had.
        """
        credentials = self._valid()
        if credentials is None:
            credentials = await self._renewed()
        headers: dict[str, str] = {}
        credentials.apply(headers)  # type: ignore[no-untyped-call]  # google-auth's
        return headers

    def _valid(self) -> Credentials | None:
        """The credentials if their token is good for some minutes more, by google-auth's margin."""
        return self._credentials if self._credentials and self._credentials.valid else None

    async def _renewed(self) -> Credentials:
        """Wait for the refresh that is under way; whoever waits no longer does not end it."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(asyncio.to_thread(self._refreshed))
        return await asyncio.shield(self._refreshing)

    def _refreshed(self) -> Credentials:
        request = partial(Request(), timeout=_TIMEOUT)
        try:
            credentials = self._credentials = self._credentials or find(self._scope)
            credentials.refresh(request)  # type: ignore[no-untyped-call]  # google-auth's
        except GoogleAuthError as error:
            raise Unavailable("access token", str(error)) from error
        return credentials
