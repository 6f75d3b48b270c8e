"""Requests with credentials, retries and errors of this project.

The retries are those of Google's library: 408, 5xx and broken connections, with pauses from 0 to
10 s, for a minute. https://cloud.google.com/storage/docs/retry-strategy
"""

import json
import zlib
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import google.auth
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import (
    DefaultCredentialsError,
    GoogleAuthError,
    RefreshError,
    TransportError,
)

from cloud import errors
from cloud.json_requests.curl_transport import (
    BrokenResponse,
    CurlRequest,
    CurlResponse,
    CurlTransport,
)
from cloud.json_requests.settings import find_storage_emulator
from cloud.retry import Backoff, Retry, RetryableError

if TYPE_CHECKING:
    from google.auth.transport.requests import Request as AuthRequest

T = TypeVar("T")

_TRANSIENT = frozenset({408, 500, 502, 503, 504})
"""Status codes after which the request is repeated. 429 is raised: the caller has newer changes."""

_BACKOFF = Backoff(first=0.2, longest=10.0, jitter=(0.0, 1.0))
_RETRY = Retry(
    {RetryableError: _BACKOFF, BrokenResponse: _BACKOFF, TransportError: _BACKOFF}, deadline=60.0
)
"""Retry of a request: for a minute, well below the ack deadline of 600 s."""

_GZIP = 16 + zlib.MAX_WBITS
"""Window of zlib for the format gzip."""

_LONGEST_DETAIL = 300
"""Characters of a message that is not JSON."""

ORIGIN = "https://storage.googleapis.com"
_SCOPES = ("https://www.googleapis.com/auth/devstorage.full_control",)
"""Scope of the access tokens. The rights of the identity limit them.

https://cloud.google.com/storage/docs/oauth-scopes
"""

ERRORS: Mapping[int, type[errors.CloudError]] = {
    **errors.BY_STATUS,
    412: errors.PreconditionFailed,
    429: errors.TooManyRequests,
}


class AuthorizedSession:
    """Requests in the name of a service account.

    :param credentials: credentials of google-auth; they are refreshed when they expire.
    """

    def __init__(self, credentials: Credentials, transport: CurlTransport) -> None:
        self._credentials, self._transport = credentials, transport
        self._authenticate = _create_auth_request(credentials)

    def request(
        self,
        subject: str,
        request: CurlRequest,
        absent: type[errors.CloudError] = errors.NotFound,
    ) -> CurlResponse:
        """Return the response of a successful request; repeat the request after a failure.

        :param subject: the subject of an error, ``gs://bucket/name``.
        :param absent: the error for 404.
        """
        return self.retry(subject, lambda: self.send(subject, request, absent))

    def retry(self, subject: str, attempt: Callable[[], T]) -> T:
        """Call ``attempt`` until it raises no transient error.

        :raises MissingCredentials: if the credentials ended or were refused.
        :raises Unavailable: if no attempt succeeded in time.
        """
        try:
            return _RETRY(attempt)
        except RefreshError as error:
            raise errors.MissingCredentials(subject, str(error)) from error
        except (RetryableError, BrokenResponse, GoogleAuthError) as error:
            raise errors.Unavailable(subject, str(error)) from error

    def send(
        self,
        subject: str,
        request: CurlRequest,
        absent: type[errors.CloudError] = errors.NotFound,
        accepted: Collection[int] = (),
    ) -> CurlResponse:
        """Send a request once; a refused access token is renewed first.

        :param accepted: status codes that are no errors, in addition to 2xx.
        :raises CloudError: after a status that is final.
        :raises RetryableError: after a transient status.
        :raises BrokenResponse: if the response is not complete.
        """
        response = self._send(request)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._credentials.refresh(self._authenticate)  # type: ignore[no-untyped-call]  # google-auth's
            response = self._send(request)
        is_success = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
        if is_success or response.status in accepted:
            return response
        message = _read_message(response)
        detail = f"{response.status} {message}".strip()
        if response.status in _TRANSIENT:
            raise RetryableError(detail)
        kind = errors.choose_error(response.status, message, {**ERRORS, 404: absent})
        raise kind(subject, detail)

    def _send(self, request: CurlRequest) -> CurlResponse:
        fields = {"user-agent": "gcpypi", **request.fields}
        if self._authenticate:
            self._credentials.before_request(  # type: ignore[no-untyped-call]  # google-auth's
                self._authenticate, request.method, request.url, fields
            )
        return self._transport.send(CurlRequest(request.method, request.url, fields, request.body))


def _create_auth_request(credentials: Credentials) -> "AuthRequest | None":
    """Return the transport of google-auth; None for a stand-in, which takes no access tokens.

    Its import takes a tenth of the start of the command, because it loads ``cryptography``.
    """
    if isinstance(credentials, AnonymousCredentials):
        return None
    from google.auth.transport.requests import Request

    return Request()


def find_endpoint(subject: str) -> tuple[str, Credentials]:
    """Return origin and credentials of the stand-in in ``STORAGE_EMULATOR_HOST``, or of Google.

    :param subject: the subject of an error.
    :raises MissingCredentials: if there are no application default credentials.
    :raises Unavailable: if they are not usable.
    """
    if emulator := find_storage_emulator():
        return emulator, AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth's
    try:
        credentials: Credentials = google.auth.default(scopes=_SCOPES)[0]
    except DefaultCredentialsError as error:
        raise errors.MissingCredentials(subject, str(error)) from error
    except GoogleAuthError as error:
        raise errors.Unavailable(subject, str(error)) from error
    return ORIGIN, credentials


def _read_message(response: CurlResponse) -> str:
    """Return the message of an error.

    The body is JSON, or the message alone after a download. It can be compressed, because a
    download accepts gzip. https://cloud.google.com/storage/docs/json_api/v1/status-codes
    """
    body = response.body
    try:
        if response.get_field(b"content-encoding:") == "gzip":
            body = zlib.decompress(body, _GZIP)
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError, zlib.error):
        return body.decode("utf-8", "replace")[:_LONGEST_DETAIL]
