"""Topics and subscriptions of a Google Cloud project."""

from collections.abc import Mapping

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from cloud.translation import translate_errors

_TIMEOUT = 10.0
"""Seconds to wait for a response."""


def list_topics(client: PublisherClient, project: str) -> frozenset[str]:
    """Return the names of the topics.

    :raises PermissionDenied: without ``pubsub.topics.list``.
    """
    with translate_errors(f"topics of {project}"):
        found = client.list_topics(project=f"projects/{project}", timeout=_TIMEOUT, retry=None)
        return frozenset(each.name.rpartition("/")[2] for each in found)


def list_subscriptions(client: SubscriberClient, project: str) -> Mapping[str, str]:
    """Return the topic of each subscription.

    :raises PermissionDenied: without ``pubsub.subscriptions.list``.
    """
    with translate_errors(f"subscriptions of {project}"):
        found = client.list_subscriptions(
            project=f"projects/{project}", timeout=_TIMEOUT, retry=None
        )
        return {each.name.rpartition("/")[2]: each.topic.rpartition("/")[2] for each in found}
