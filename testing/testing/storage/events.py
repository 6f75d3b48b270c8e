"""Notifications of new objects, as Cloud Storage sends them to Pub/Sub.

https://cloud.google.com/storage/docs/pubsub-notifications
"""

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from testing.storage.objects import Resource, Version

OnFinalize = Callable[[str, Resource, Mapping[str, str]], None]
"""Called with the bucket, the object's resource and the message's attributes. It must not block:
Cloud Storage answers the writer without waiting for its notifications."""

_log = logging.getLogger(__name__)


def finalize_attributes(version: Version, overwritten: Version | None) -> dict[str, str]:
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


class PubSubNotification:
    """An ``on_finalize`` hook that publishes to ``projects/<project>/topics/<topic>``.

    The client finds the emulator by ``PUBSUB_EMULATOR_HOST``. A topic that is not there loses the
    notification and not the upload, as in the cloud; a warning is logged.
    """

    def __init__(self, topic: str) -> None:
        # Only who notifies pays for this import: half a second.
        from google.cloud.pubsub_v1 import PublisherClient
        from google.cloud.pubsub_v1.types import BatchSettings

        self._topic = topic
        self._client = PublisherClient(batch_settings=BatchSettings(max_messages=1))

    def __call__(self, bucket: str, resource: Resource, attributes: Mapping[str, str]) -> None:
        data = json.dumps(resource).encode()
        self._client.publish(self._topic, data, **attributes).add_done_callback(self._report)

    def close(self) -> None:
        """Send what is waiting and stop the client's threads."""
        self._client.stop()
        self._client.transport.close()

    def _report(self, published: "Future[str]") -> None:
        if error := published.exception():
            _log.warning("notification to %s lost: %s", self._topic, error)
