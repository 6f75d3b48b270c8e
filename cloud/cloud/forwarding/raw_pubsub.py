"""The ports of raw messages over google-cloud-pubsub."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC
from itertools import islice

import grpc
from google.api_core import exceptions
from google.api_core.retry import Retry, if_transient_error
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import PublisherClient as RawPublisherClient
from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

from cloud import errors
from cloud.forwarding.messages import PulledMessage, RawMessage
from cloud.translation import translate_errors

_TIMEOUT = 60.0
"""Seconds to wait for the response to a request."""

_RETRY = Retry(predicate=if_transient_error, initial=0.2, maximum=5.0, timeout=10.0)
"""Retry of a request."""

_CONNECT = 5.0
"""Seconds to wait for a connection after a pull without a response."""

_MOST_LEASES = 1000
"""Acknowledgement ids per request. An id has about 200 bytes, a request at most 512 KiB."""


def connect_subscriber() -> SubscriberClient:
    """Create a client of ``PUBSUB_EMULATOR_HOST``, or of Pub/Sub if that is unset.

    :raises Unavailable: if there are no credentials.
    """
    with translate_errors("Pub/Sub"):
        return SubscriberClient()


class PubsubRawTopic:
    """One Pub/Sub topic. It implements :class:`cloud.forwarding.messages.RawTopic`.

    The batching client takes attributes as keyword arguments, so it cannot publish an attribute
    with the name of one of its parameters, such as ``timeout``.
    """

    def __init__(self, client: PublisherClient, project: str, name: str) -> None:
        self._client = RawPublisherClient(transport=client.transport)
        self._path = client.topic_path(project, name)

    def publish(self, message: RawMessage) -> None:
        """Publish a message and wait until Pub/Sub has accepted it."""
        sent = PubsubMessage(data=message.data, attributes=dict(message.attributes))
        with translate_errors(self._path):
            self._client.publish(topic=self._path, messages=[sent], retry=_RETRY, timeout=_TIMEOUT)


class PubsubPullSubscription:
    """Pub/Sub subscription: a :class:`cloud.forwarding.messages.PullSubscription`."""

    def __init__(self, client: SubscriberClient, project: str, name: str) -> None:
        self._client = client
        self._path = client.subscription_path(project, name)
        self.name = name

    def pull(self, limit: int, wait: float) -> Sequence[PulledMessage]:
        """Pull with a deadline of ``wait`` seconds. The server itself would wait up to 90 s."""
        request = {"subscription": self._path, "max_messages": limit}
        with translate_errors(self._path):
            try:
                response = self._client.pull(request=request, retry=_RETRY, timeout=wait)
            except exceptions.DeadlineExceeded:
                self._require_connection()
                return []
        return [_read_message(received) for received in response.received_messages]

    def acknowledge(self, leases: Collection[str]) -> None:
        """Acknowledge messages."""
        with translate_errors(self._path):
            for part in _split(leases):
                self._client.acknowledge(
                    subscription=self._path, ack_ids=part, retry=_RETRY, timeout=_TIMEOUT
                )

    def extend(self, leases: Collection[str], seconds: int) -> None:
        """Modify the acknowledgement deadlines."""
        with translate_errors(self._path):
            for part in _split(leases):
                self._client.modify_ack_deadline(
                    subscription=self._path,
                    ack_ids=part,
                    ack_deadline_seconds=seconds,
                    retry=_RETRY,
                    timeout=_TIMEOUT,
                )

    def _require_connection(self) -> None:
        """Distinguish an empty subscription from a Pub/Sub that cannot be reached.

        :raises Unavailable: if there is no connection.
        """
        try:
            grpc.channel_ready_future(self._client.transport.grpc_channel).result(timeout=_CONNECT)
        except grpc.FutureTimeoutError as error:
            raise errors.Unavailable(self._path, "no connection to Pub/Sub") from error


def _read_message(received: ReceivedMessage) -> PulledMessage:
    message = received.message
    return PulledMessage(
        lease=received.ack_id,
        message_id=message.message_id,
        publish_time=PubsubMessage.pb(message).publish_time.ToDatetime(UTC),
        raw=RawMessage(message.data, dict(message.attributes)),
    )


def _split(leases: Collection[str]) -> Iterator[list[str]]:
    rest = iter(leases)
    while part := list(islice(rest, _MOST_LEASES)):
        yield part
