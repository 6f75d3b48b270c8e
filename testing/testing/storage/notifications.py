"""Notifications of new objects, in the format of Cloud Storage for Pub/Sub.

https://cloud.google.com/storage/docs/pubsub-notifications
"""

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from testing.storage.objects import Resource, Version

OnFinalize = Callable[[str, Resource, Mapping[str, str]], None]
"""Listener with the bucket, the resource of the object and the attributes of the message.

It must not block: Cloud Storage responds to the writer before it sends notifications."""

_log = logging.getLogger(__name__)


def make_finalize_attributes(version: Version, overwritten: Version | None) -> dict[str, str]:
    attributes = {
        "notificationConfig": f"projects/_/buckets/{version.bucket}/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": version.bucket,
        "objectId": version.name,
        "objectGeneration": str(version.generation),
        "eventTime": f"{version.created:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    if overwritten is not None:
        attributes["overwroteGeneration"] = str(overwritten.generation)
    return attributes


def make_payload(resource: Resource) -> bytes:
    """Return the data of a notification: many lines, like Cloud Storage's."""
    return f"{json.dumps(resource, indent=2)}\n".encode()


class PubSubNotification:
    """An ``on_finalize`` listener that publishes to ``projects/<project>/topics/<topic>``.

    The client finds the emulator by ``PUBSUB_EMULATOR_HOST``. If the topic does not exist, the
    notification is lost and a warning is logged; the upload succeeds, as in the cloud.
    """

    def __init__(self, topic: str) -> None:
        # This import takes 0.5 s; only users of notifications need it.
        from google.cloud.pubsub_v1 import PublisherClient
        from google.cloud.pubsub_v1.types import BatchSettings

        self._topic = topic
        self._client = PublisherClient(batch_settings=BatchSettings(max_messages=1))

    def __call__(self, bucket: str, resource: Resource, attributes: Mapping[str, str]) -> None:
        data = make_payload(resource)
        self._client.publish(self._topic, data, **attributes).add_done_callback(self._report)

    def close(self) -> None:
        """Send pending messages and stop the threads of the client."""
        self._client.stop()
        self._client.transport.close()

    def _report(self, publication: "Future[str]") -> None:
        if error := publication.exception():
            _log.warning("notification to %s lost: %s", self._topic, error)
