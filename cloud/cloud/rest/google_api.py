"""Requests to a REST API of Google Cloud with the caller's credentials."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Self

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession
from pydantic import JsonValue, TypeAdapter, ValidationError

from cloud import errors
from cloud.retry import Backoff, Retry, RetryableError

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT = 30.0
"""Seconds to wait for a response."""
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same request can succeed."""
_BACKOFF = Backoff(first=0.5, longest=10.0, jitter=(0.0, 1.0))
RETRY = Retry(
    dict.fromkeys(
        (RetryableError, requests.ConnectionError, requests.Timeout, TransportError), _BACKOFF
    ),
    deadline=60.0,
)
"""Retry of a request without an effect, for a minute (ADR 14)."""
_ONCE = Retry({}, deadline=0.0)
_OBJECT = TypeAdapter(dict[str, JsonValue])


class GoogleApi:
    """JSON requests to one API.

    :param session: an authorized session; :meth:`connect` creates it.
    :param origin: scheme and host of the API, without a slash at its end.
    :param retry: repeats a request without an effect after a transient failure.
    """

    def __init__(self, session: requests.Session, origin: str, retry: Retry = RETRY) -> None:
        self._session, self.origin, self._retry = session, origin, retry

    @classmethod
    def connect(cls, origin: str, gcp_project: str) -> Self:
        """Create the client with the application default credentials.

        :param gcp_project: project of the quota for the requests.
        :raises MissingCredentials: if there are none.
        """
        try:
            credentials, _ = google.auth.default(
                scopes=(CLOUD_PLATFORM,), quota_project_id=gcp_project
            )
        except GoogleAuthError as error:
            raise errors.MissingCredentials(origin, str(error)) from error
        session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google-auth's
        return cls(session, origin)

    def get(
        self, path: str, query: Mapping[str, str | list[str]] | None = None
    ) -> Mapping[str, JsonValue]:
        """Request a resource, and repeat the request after a transient failure.

        :raises NotFound: if it does not exist.
        :raises PermissionDenied: without the right for it.
        :raises Unavailable: if the API does not answer, or not with JSON.
        """
        return self._request(path, partial(self._send, "GET", path, query=query), self._retry)

    def post(
        self, path: str, body: Mapping[str, object], *, has_effect: bool = True
    ) -> Mapping[str, JsonValue]:
        """Call a method, with the errors of :meth:`get`.

        :param has_effect: False for a method that only answers. It is repeated as in :meth:`get`.
        """
        attempt = partial(self._send, "POST", path, body=body)
        return self._request(path, attempt, _ONCE if has_effect else self._retry)

    def _request(
        self, path: str, attempt: Callable[[], requests.Response], retry: Retry
    ) -> Mapping[str, JsonValue]:
        try:
            response = retry(attempt)
        except RefreshError as error:
            raise errors.MissingCredentials(path, str(error)) from error
        except (RetryableError, requests.RequestException, GoogleAuthError) as error:
            raise errors.Unavailable(path, str(error)) from error
        try:
            return _OBJECT.validate_json(response.content)
        except ValidationError as error:
            raise errors.Unavailable(path, "unexpected response: no JSON object") from error

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | list[str]] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> requests.Response:
        """Send a request once, and return its successful response.

        :raises RetryableError: after a transient status.
        :raises CloudError: after any other status of an error.
        """
        response = self._session.request(
            method, f"{self.origin}/{path}", params=query, json=body, timeout=_TIMEOUT
        )
        if response.ok:
            return response
        detail = f"{response.status_code}: {_read_message(response)}"
        if response.status_code in _TRANSIENT:
            raise RetryableError(detail)
        raise errors.BY_STATUS.get(response.status_code, errors.Unavailable)(path, detail)


def _read_message(response: requests.Response) -> str:
    """Return the message of an error (https://cloud.google.com/apis/design/errors)."""
    try:
        error = _OBJECT.validate_json(response.content).get("error")
    except ValidationError:
        error = None
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or response.text[:256])
