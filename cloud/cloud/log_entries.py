"""Entries of Cloud Logging over its REST API.

One method is needed, so the session of google-auth is enough, and images need no further library.
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from pydantic import ConfigDict, Field, JsonValue, ValidationError

from cloud import errors
from cloud.identity import find_credentials
from schemas.types import Model, UtcTime

ORIGIN = "https://logging.googleapis.com"
READ_LOGS = "https://www.googleapis.com/auth/logging.read"
PAGE_SIZE = 1000
"""Maximum number of entries in a response."""
_TIMEOUT = 30.0
"""Seconds to wait for a response."""
_PATIENCE = 60.0
"""Seconds after which a search without a result ends. Cloud Logging answers with empty pages."""


class LogEntry(Model):
    """One entry of a log."""

    model_config = ConfigDict(populate_by_name=True)

    timestamp: UtcTime
    """Time of the entry."""
    payload: Annotated[Mapping[str, JsonValue], Field(alias="jsonPayload")] = {}
    """Fields of a structured log line."""
    text: Annotated[str, Field(alias="textPayload")] = ""
    """Text of an unstructured log line."""
    log: Annotated[str, Field(alias="logName")] = ""
    """Log of the entry; for Cloud Run it ends in ``stdout`` or ``stderr``."""
    insert_id: Annotated[str, Field(alias="insertId")] = ""
    """Identifier of the entry among those of one time."""


class _Response(Model):
    entries: tuple[LogEntry, ...] = ()
    next_page_token: Annotated[str, Field(alias="nextPageToken")] = ""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Newest entries of a query."""

    entries: Sequence[LogEntry]
    """Entries, the newest first."""
    is_complete: bool
    """True if there are no older entries."""


class LogReader:
    """Reader of the log entries of one Google Cloud project.

    :param session: an authorized session; :func:`connect` creates it.
    :param clock: the monotonic clock, in seconds.
    """

    def __init__(
        self,
        gcp_project: str,
        session: requests.Session,
        origin: str = ORIGIN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resource = f"projects/{gcp_project}"
        self._session, self._origin, self._clock = session, origin, clock

    def list_newest(self, query: str) -> LogPage:
        """Return the newest entries of a query in the Logging query language.

        :raises PermissionDenied: without ``logging.logEntries.list`` (``roles/logging.viewer``).
        :raises Unavailable: if Cloud Logging does not answer, or the search takes too long.
        """
        body = {
            "resourceNames": [self._resource],
            "filter": query,
            "orderBy": "timestamp desc",
            "pageSize": PAGE_SIZE,
        }
        end = self._clock() + _PATIENCE
        while self._clock() < end:
            response = self._request(body)
            if response.entries or not response.next_page_token:
                return LogPage(response.entries, is_complete=not response.next_page_token)
            body["pageToken"] = response.next_page_token
        raise errors.Unavailable(self._subject, "the search for log entries takes too long")

    @property
    def _subject(self) -> str:
        return f"logs of {self._resource}"

    def _request(self, body: Mapping[str, object]) -> _Response:
        try:
            response = self._session.post(
                f"{self._origin}/v2/entries:list", json=body, timeout=_TIMEOUT
            )
        except (requests.RequestException, GoogleAuthError) as error:
            raise errors.Unavailable(self._subject, str(error)) from error
        if response.status_code != requests.codes.ok:
            kind = errors.BY_STATUS.get(response.status_code, errors.Unavailable)
            raise kind(self._subject, f"{response.status_code}: {response.text[:512]}")
        try:
            return _Response.model_validate_json(response.content)
        except ValidationError as error:
            raise errors.Unavailable(self._subject, f"unexpected response: {error}") from error


def connect(gcp_project: str) -> LogReader:
    """Create a reader with the application default credentials.

    :raises Unavailable: if there are no credentials.
    """
    try:
        credentials = find_credentials(READ_LOGS)
    except GoogleAuthError as error:
        raise errors.Unavailable("Cloud Logging", str(error)) from error
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google-auth's
    return LogReader(gcp_project, session)
