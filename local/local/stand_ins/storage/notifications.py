"""Notifications of new objects, in the format of Cloud Storage for Pub/Sub.

https://cloud.google.com/storage/docs/pubsub-notifications
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import TypeAlias

from local.stand_ins.storage.objects import Resource, Version

OnFinalize = Callable[[str, Resource, Mapping[str, str]], None]
"""Listener with the bucket, the resource of the object and the attributes of the message.

It must not block: Cloud Storage responds to the writer before it sends notifications."""

DELAY = 0.02
"""Seconds in which the messages for one request are collected."""

CLOSE = 5.0
"""Longest wait in seconds for the last messages, for example if Pub/Sub has ended before."""

MOST = 500
"""Maximum number of messages of one request. Pub/Sub accepts 1 000, in at most 10 MB.

https://cloud.google.com/pubsub/quotas#resource_limits
"""

_Notification: TypeAlias = tuple[Resource, Mapping[str, str]]

_log = logging.getLogger(__name__)


def make_finalize_attributes(version: Version, overwritten: Version | None) -> dict[str, str]:
    """Return the attributes of the message about a new object."""
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

    One thread sends the messages of each delay by one request. Google's batching client starts a
    thread for each batch, and takes more CPU time a message than the upload of a small file.
    """

    def __init__(self, topic: str) -> None:
        # This import takes 0.5 s; only users of notifications need it.
        from google.cloud.pubsub_v1 import PublisherClient
        from google.pubsub_v1 import PublisherClient as UnaryPublisherClient

        self._topic = topic
        self._client = UnaryPublisherClient(transport=PublisherClient().transport)
        self._waiting = SimpleQueue[_Notification | None]()
        self._sender = threading.Thread(target=self._send_all, name=topic, daemon=True)
        self._sender.start()

    def __call__(self, bucket: str, resource: Resource, attributes: Mapping[str, str]) -> None:
        """Publish without waiting for the answer."""
        self._waiting.put((resource, attributes))

    def close(self) -> None:
        """Send pending messages, for some seconds at most, and stop the thread."""
        self._waiting.put(None)
        self._sender.join(CLOSE)
        self._client.transport.close()  # type: ignore[no-untyped-call]  # the library's

    def _send_all(self) -> None:
        is_open = True
        while is_open:
            batch = [self._waiting.get()]
            time.sleep(DELAY)
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get())
            is_open = None not in batch
            self._send([each for each in batch if each is not None])

    def _send(self, batch: Sequence[_Notification]) -> None:
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.pubsub_v1.types import PubsubMessage

        messages = [
            PubsubMessage(data=make_payload(resource), attributes=dict(attributes))
            for resource, attributes in batch
        ]
        try:
            if messages:
                self._client.publish(topic=self._topic, messages=messages)
        except (GoogleAPICallError, RetryError) as error:
            text = "notification to %s lost: %s (messages: %d)"
            _log.warning(text, self._topic, error, len(messages))
