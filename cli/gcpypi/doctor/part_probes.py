"""Probes of the parts of an index: in Google Cloud over REST, locally over the stand-ins."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

from cloud import pubsub, storage
from cloud.errors import NotFound
from cloud.forwarding import topic_listing
from cloud.forwarding.raw_pubsub import PubsubPullSubscription, connect_subscriber
from cloud.rest import rights as iam
from cloud.rest import run_jobs, waiting_messages
from cloud.rest.google_api import GoogleApi
from cloud.rest.run_services import find_service
from cloud.storage import StorageBucket
from gcpypi.doctor.cloud_checks import SUFFIX
from gcpypi.doctor.probes import ServiceState

_MOST_LETTERS = 100
"""Dead letters of one subscription that a local check counts."""
_PULL = 1.0
"""Seconds of a pull."""


class CloudParts:
    """Parts in Google Cloud. They need no role apart from those of operators.

    :param connect: function from the origin of an API and a project to its client.
    """

    def __init__(
        self,
        gcp_project: str,
        region: str,
        connect: Callable[[str, str], GoogleApi] = GoogleApi.connect,
    ) -> None:
        self._project, self._region, self._connect = gcp_project, region, connect

    def list_bucket_rights(self, bucket: str, rights: Sequence[str]) -> Collection[str]:
        """Ask Cloud Storage for the rights on the whole bucket."""
        return iam.list_bucket_rights(self._open(iam.STORAGE), bucket, rights)

    def list_topic_rights(self, topic: str, rights: Sequence[str]) -> Collection[str]:
        """Ask Pub/Sub for the rights on a topic."""
        resource = f"projects/{self._project}/topics/{topic}"
        return iam.list_rights(self._open(iam.PUBSUB), resource, rights)

    def list_subscriptions(self) -> Mapping[str, str]:
        """List the subscriptions; it needs ``pubsub.subscriptions.list``."""
        return topic_listing.list_subscriptions(connect_subscriber(), self._project)

    def count_dead_letters(self, subscriptions: Collection[str]) -> Mapping[str, int]:
        """Read the newest values of the metric."""
        api = self._open(waiting_messages.ORIGIN)
        return waiting_messages.count_waiting(api, self._project, SUFFIX, datetime.now(UTC))

    def find_service(self, name: str) -> ServiceState:
        """Ask Cloud Run for a service."""
        found = find_service(self._open(run_jobs.ORIGIN), self._project, self._region, name)
        return ServiceState(found.is_ready, found.message, found.tag, found.environment)

    def _open(self, origin: str) -> GoogleApi:
        return self._connect(origin, self._project)


class LocalParts:
    """Parts of a local index. Its stand-ins have no permissions, so they permit each request."""

    def __init__(self, gcp_project: str) -> None:
        self._project = gcp_project

    def list_bucket_rights(self, bucket: str, rights: Sequence[str]) -> Collection[str]:
        """List the first object of the bucket."""
        next(StorageBucket(storage.connect(self._project), bucket).list(), None)
        return rights

    def list_topic_rights(self, topic: str, rights: Sequence[str]) -> Collection[str]:
        """Look for the topic."""
        if topic not in topic_listing.list_topics(pubsub.connect(), self._project):
            raise NotFound(topic)
        return rights

    def list_subscriptions(self) -> Mapping[str, str]:
        """List the subscriptions."""
        return topic_listing.list_subscriptions(connect_subscriber(), self._project)

    def count_dead_letters(self, subscriptions: Collection[str]) -> Mapping[str, int]:
        """Pull the letters of each subscription, and put them back."""
        client = connect_subscriber()
        return {
            name: _count(PubsubPullSubscription(client, self._project, name))
            for name in subscriptions
        }

    def find_service(self, name: str) -> ServiceState:
        """Raise :class:`NotFound`: there is no Cloud Run."""
        raise NotFound(name)


def _count(subscription: PubsubPullSubscription) -> int:
    pulled = subscription.pull(_MOST_LETTERS, _PULL)
    if pulled:
        subscription.extend([each.lease for each in pulled], 0)
    return len(pulled)
