"""Probes of an index over its pages and the APIs of Google Cloud."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Protocol

import requests
from pypi_simple import IndexPage
from pypi_simple.errors import UnsupportedContentTypeError

from access.errors import TokenStoreError
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.doctor.probes import IndexAnswer, ServiceState
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.operating.token_secret import create_token_store
from schemas.discovery import IndexDescription
from schemas.headers import SIMPLE_JSON


class Parts(Protocol):
    """Requests to Google Cloud, or to the stand-ins of a local index."""

    def list_bucket_rights(self, bucket: str, rights: Sequence[str]) -> Collection[str]:
        """Return those of the rights that the caller has on a bucket."""
        ...

    def list_topic_rights(self, topic: str, rights: Sequence[str]) -> Collection[str]:
        """Return those of the rights that the caller has on a topic."""
        ...

    def list_subscriptions(self) -> Mapping[str, str]:
        """Return the topic of each subscription."""
        ...

    def count_dead_letters(self, subscriptions: Collection[str]) -> Mapping[str, int]:
        """Return the number of messages by dead-letter subscription."""
        ...

    def find_service(self, name: str) -> ServiceState:
        """Return the state of a Cloud Run service."""
        ...


class IndexProbes:
    """Probes of one index. It implements :class:`gcpypi.doctor.probes.Probes`."""

    def __init__(self, connection: IndexConnection) -> None:
        self._connection = connection
        self.is_local = connection.settings.is_local

    @property
    def index_url(self) -> str:
        """URL of the index, without credentials."""
        return self._connection.index.url

    def describe(self) -> IndexDescription:
        """Return the description of the index."""
        return self._connection.description

    def fetch_list(self) -> IndexAnswer:
        """Request the list of projects.

        404 is its absence only if the same index has a description.

        :raises CommandFailure: if the answer is not a list of projects.
        """
        index = self._connection.index
        response = index.get(index.url, SIMPLE_JSON)
        date = _parse_date(response.headers.get("date"))
        if response.status_code == HTTPStatus.NOT_FOUND and index.describe():
            return IndexAnswer(None, date)
        index.require_success(response)
        return IndexAnswer(_count_projects(response), date)

    def fetch_status(self, url: str) -> int:
        """Request a URL of a service, and return the status of the response."""
        return self._connection.index.get(url).status_code

    def read_clock(self) -> datetime:
        """Return the time of this machine, in UTC."""
        return datetime.now(UTC)

    def list_bucket_rights(self, bucket: str, rights: Sequence[str]) -> Collection[str]:
        """Return those of the rights that the caller has on a bucket."""
        return self._parts.list_bucket_rights(bucket, rights)

    def list_topic_rights(self, topic: str, rights: Sequence[str]) -> Collection[str]:
        """Return those of the rights that the caller has on a topic."""
        return self._parts.list_topic_rights(topic, rights)

    def list_subscriptions(self) -> Mapping[str, str]:
        """Return the topic of each subscription."""
        return self._parts.list_subscriptions()

    def count_dead_letters(self, subscriptions: Collection[str]) -> Mapping[str, int]:
        """Return the number of messages by dead-letter subscription."""
        return self._parts.count_dead_letters(subscriptions)

    def count_tokens(self) -> int:
        """Read the secret, and return the number of live tokens."""
        try:
            tokens = create_token_store(self._connection).list_tokens()
        except TokenStoreError as error:
            raise CommandFailure(str(error)) from error
        return sum(token.is_live(self.read_clock()) for token in tokens)

    def find_service(self, name: str) -> ServiceState:
        """Return the state of a Cloud Run service."""
        return self._parts.find_service(name)

    @cached_property
    def _parts(self) -> Parts:
        from gcpypi.doctor.part_probes import CloudParts, LocalParts

        project = self._connection.gcp_project
        if self.is_local:
            return LocalParts(project)
        return CloudParts(project, self._connection.description.region or "")


def _count_projects(response: requests.Response) -> int:
    """Return the number of projects in a list (PEP 691). Every gcpypi index answers with JSON.

    :raises CommandFailure: if the response is something else, such as a page for signing in.
    """
    kind = response.headers.get("content-type", "no type")
    try:
        if kind.partition(";")[0] == SIMPLE_JSON:
            return len(IndexPage.from_response(response).projects)
    except (UnsupportedContentTypeError, ValueError, LookupError, TypeError):
        kind = f"an invalid {kind}"
    raise CommandFailure(
        f"{response.url} answers with {kind}, and not with a list of projects: check "
        "GCPYPI_INDEX_URL, and what is in front of the index",
        ExitCode.UNAVAILABLE,
    )


def _parse_date(text: str | None) -> datetime | None:
    """Return the time of a ``Date`` field (RFC 9110); None if it is absent or invalid."""
    try:
        date = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC) if date else None
