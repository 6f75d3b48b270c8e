"""Port to the index and its Google Cloud project, as the checks see it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from schemas.discovery import IndexDescription


@dataclass(frozen=True, slots=True)
class ServiceState:
    """State of one Cloud Run service."""

    is_ready: bool
    message: str
    """Reason why it is not ready."""
    tag: str
    """Tag of its image; it begins with the release of gcpypi."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Settings, as environment variables."""


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """Answer to the request for the list of projects."""

    projects: int | None
    """Number of projects; None if the index has no list yet."""
    date: datetime | None
    """Time of the response; None without a valid one."""


class Probes(Protocol):
    """Requests of the checks. Each can raise :class:`CloudError` or :class:`CommandFailure`."""

    @property
    def is_local(self) -> bool:
        """True for a local index, without Cloud Run and without rights."""
        ...

    @property
    def index_url(self) -> str:
        """URL of the index, without credentials."""
        ...

    def describe(self) -> IndexDescription:
        """Return the description of the index."""
        ...

    def fetch_list(self) -> IndexAnswer:
        """Request the list of projects."""
        ...

    def fetch_status(self, url: str) -> int:
        """Request a URL of a service, and return the status of the response."""
        ...

    def read_clock(self) -> datetime:
        """Return the time of this machine, in UTC."""
        ...

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

    def count_tokens(self) -> int:
        """Read the secret, and return the number of live tokens."""
        ...

    def find_service(self, name: str) -> ServiceState:
        """Return the state of a Cloud Run service."""
        ...
