"""Probes of an index over its pages and the APIs of Google Cloud."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Protocol

from access.errors import TokenStoreError
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.doctor.probes import ServiceState
from gcpypi.errors import CommandFailure
from gcpypi.operating.token_secret import create_token_store
from schemas.discovery import IndexDescription


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

    def fetch_date(self) -> datetime | None:
        """Request the list of projects, and return the time of the response."""
        index = self._connection.index
        response = index.get(index.url)
        if response.status_code != HTTPStatus.NOT_FOUND:  # an index without a project
            index.require_success(response)
        date = response.headers.get("date")
        return parsedate_to_datetime(date) if date else None

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
