"""JWTs of a service account without a private key: IAM signs them, Google publishes the keys.

https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt
"""

import json
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import quote

import requests
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request

from cloud import errors
from cloud.identity import SIGN, find_credentials
from cloud.rest.google_api import GoogleApi
from cloud.retry import Backoff, Retry

IAM = "https://iamcredentials.googleapis.com"
KEYS = "https://www.googleapis.com"
LOCAL_ACCOUNT = "gcpypi-upload@gcpypi-local.iam.gserviceaccount.com"
"""Service account of a stand-in, which has no accounts."""
MAX_KEYS_SIZE = 256 * 1024
"""Maximum size of the published keys, in bytes."""
_TIMEOUT = 5.0
"""Seconds to wait for the next bytes of a response."""
RETRY = Retry({errors.Unavailable: Backoff(first=0.2, longest=1.0)}, deadline=3.0)


class JwtSigner:
    """Signer with the key of a service account, which Google manages and replaces.

    The account can sign for itself only: it needs a role with ``iam.serviceAccounts.signJwt`` on
    itself.

    :param iam: the API of IAM Service Account Credentials.
    :param keys: the origin of the published keys.
    :param credentials: the credentials; they know the e-mail address of the account.
    """

    def __init__(
        self, iam: GoogleApi, keys: str, credentials: Credentials, retry: Retry = RETRY
    ) -> None:
        self._iam, self._keys, self._credentials, self._retry = iam, keys, credentials, retry

    @cached_property
    def account(self) -> str:
        """E-mail address of the service account.

        :raises Unavailable: if the credentials are not those of a service account.
        """
        credentials = self._credentials
        if isinstance(credentials, AnonymousCredentials):
            return LOCAL_ACCOUNT
        if "@" not in getattr(credentials, "service_account_email", ""):
            try:  # the address is absent before the first refresh
                credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth's
            except GoogleAuthError as error:
                raise errors.Unavailable("service account", str(error)) from error
        account = str(getattr(credentials, "service_account_email", ""))
        if "@" not in account:
            raise errors.MissingCredentials("service account", "no credentials of an account")
        return account

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a JWT with these claims, signed by RS256. It blocks.

        :raises CloudError: if IAM does not sign it.
        """
        path = f"v1/projects/-/serviceAccounts/{quote(self.account, safe='@')}:signJwt"
        answer = self._retry(lambda: self._iam.post(path, {"payload": json.dumps(claims)}))
        signed = answer.get("signedJwt")
        if not isinstance(signed, str):
            raise errors.Unavailable(path, "unexpected response: no signedJwt")
        return signed

    def read_keys(self) -> bytes:
        """Return the published keys of the service account, a JWK set (RFC 7517). It blocks.

        :raises Unavailable: if they are not readable, or larger than :data:`MAX_KEYS_SIZE`.
        """
        url = f"{self._keys}/service_accounts/v1/jwk/{self.account}"
        return self._retry(lambda: _download(url))


def connect(emulator_host: str | None = None) -> JwtSigner:
    """Create a signer with the application default credentials, without a request.

    :param emulator_host: ``host:port`` or URL of a stand-in; None: IAM.
    :raises Unavailable: if there are no credentials.
    """
    if emulator_host:
        origin = emulator_host if "://" in emulator_host else f"http://{emulator_host}"
        return JwtSigner(
            GoogleApi(requests.Session(), origin),
            origin,
            AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth's
        )
    try:
        credentials = find_credentials(SIGN)
    except GoogleAuthError as error:
        raise errors.MissingCredentials(IAM, str(error)) from error
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google-auth's
    return JwtSigner(GoogleApi(session, IAM), KEYS, credentials)


def _download(url: str) -> bytes:
    """Return the body of a response without a redirect."""
    try:
        with requests.get(url, timeout=_TIMEOUT, stream=True, allow_redirects=False) as response:
            if response.status_code != requests.codes.ok:
                raise errors.Unavailable(url, f"{response.status_code} {response.reason}")
            body = bytearray()
            for chunk in response.iter_content(16 * 1024):
                body += chunk
                if len(body) > MAX_KEYS_SIZE:
                    raise errors.Unavailable(url, f"more than {MAX_KEYS_SIZE} bytes")
            return bytes(body)
    except requests.RequestException as error:
        raise errors.Unavailable(url, str(error)) from error
