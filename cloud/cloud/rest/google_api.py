"""Requests to a REST API of Google Cloud with the caller's credentials."""

from collections.abc import Mapping
from typing import Self

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import AuthorizedSession
from pydantic import JsonValue, TypeAdapter, ValidationError

from cloud import errors

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT = 30.0
"""Seconds to wait for a response."""
_OBJECT = TypeAdapter(dict[str, JsonValue])


class GoogleApi:
    """JSON requests to one API.

    :param session: an authorized session; :meth:`connect` creates it.
    :param origin: scheme and host of the API, without a slash at its end.
    """

    def __init__(self, session: requests.Session, origin: str) -> None:
        self._session, self.origin = session, origin

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
        """Request a resource.

        :raises NotFound: if it does not exist.
        :raises PermissionDenied: without the right for it.
        :raises Unavailable: if the API does not answer, or not with JSON.
        """
        return self._request("GET", path, query, None)

    def post(self, path: str, body: Mapping[str, object]) -> Mapping[str, JsonValue]:
        """Call a method, with the errors of :meth:`get`."""
        return self._request("POST", path, None, body)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | list[str]] | None,
        body: Mapping[str, object] | None,
    ) -> Mapping[str, JsonValue]:
        try:
            response = self._session.request(
                method, f"{self.origin}/{path}", params=query, json=body, timeout=_TIMEOUT
            )
        except RefreshError as error:
            raise errors.MissingCredentials(path, str(error)) from error
        except (requests.RequestException, GoogleAuthError) as error:
            raise errors.Unavailable(path, str(error)) from error
        if not response.ok:
            kind = errors.BY_STATUS.get(response.status_code, errors.Unavailable)
            raise kind(path, f"{response.status_code}: {_read_message(response)}")
        try:
            return _OBJECT.validate_json(response.content)
        except ValidationError as error:
            raise errors.Unavailable(path, "unexpected response: no JSON object") from error


def _read_message(response: requests.Response) -> str:
    """Return the message of an error (https://cloud.google.com/apis/design/errors)."""
    try:
        error = _OBJECT.validate_json(response.content).get("error")
    except ValidationError:
        error = None
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or response.text[:256])
