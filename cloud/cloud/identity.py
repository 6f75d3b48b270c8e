"""The identity this service runs as: its access token, where no library asks on its behalf."""

import asyncio
from collections.abc import Mapping

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from cloud.errors import Unavailable

READ_STORAGE = "https://www.googleapis.com/auth/devstorage.read_only"
SIGN = "https://www.googleapis.com/auth/iam"


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
        self._refreshing = asyncio.Lock()

    async def fields(self) -> Mapping[str, str]:
        """Return the header fields that say who asks.

        :raises Unavailable: if no token could be had.
        """
        if not self._is_valid():
            async with self._refreshing:
                if not self._is_valid():
                    await asyncio.to_thread(self._refresh)
        headers: dict[str, str] = {}
        if self._credentials is not None:
            self._credentials.apply(headers)  # type: ignore[no-untyped-call]  # google-auth's
        return headers

    def _is_valid(self) -> bool:
        """Whether the token is good for some minutes more, by google-auth's own margin."""
        return self._credentials is not None and bool(self._credentials.valid)

    def _refresh(self) -> None:
        try:
            if self._credentials is None:
                self._credentials = find(self._scope)
            self._credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth's
        except GoogleAuthError as error:
            raise Unavailable("access token", str(error)) from error
