"""Client of the built-in Pub/Sub, with the topics and subscriptions of production."""

import warnings
from collections.abc import Sequence

import grpc
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, PubsubMessage, Subscription

from local import topology
from schemas.push import Message

PARENT = f"projects/{topology.GCP_PROJECT}"


class PubSub:
    """Client that creates all topics and subscriptions, publishes, and pulls dead letters."""

    def __init__(self, address: str) -> None:
        channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self._subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        for topic in topology.TOPICS:
            self._publisher.create_topic(name=f"{PARENT}/topics/{topic}")
        for each in topology.SUBSCRIPTIONS:
            self._publisher.create_topic(name=f"{PARENT}/topics/{each.dead_letter}")
            self._subscribe(each.dead_letter, each.dead_letter, None)
            self._subscribe(each.name, each.topic, each.dead_letter)

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish messages in order."""
        for message in messages:
            topic = f"{PARENT}/topics/{message.topic}"
            self._publisher.publish(topic=topic, messages=[PubsubMessage(data=message.encode())])

    def pull_dead_letters(self) -> list[bytes]:
        """Return the data of all dead letters."""
        found: list[bytes] = []
        for each in topology.SUBSCRIPTIONS:
            request = {
                "subscription": f"{PARENT}/subscriptions/{each.dead_letter}",
                "max_messages": 100,
                "return_immediately": True,
            }
            with warnings.catch_warnings():
                # ``return_immediately`` is deprecated, but no other option avoids the wait.
                warnings.simplefilter("ignore", DeprecationWarning)
                response = self._subscriber.pull(request=request)
            found += [received.message.data for received in response.received_messages]
        return found

    def _subscribe(self, name: str, topic: str, dead_letter: str | None) -> None:
        policy = DeadLetterPolicy(
            dead_letter_topic=f"{PARENT}/topics/{dead_letter}",
            max_delivery_attempts=topology.MAX_DELIVERY_ATTEMPTS,
        )
        subscription = Subscription(
            name=f"{PARENT}/subscriptions/{name}",
            topic=f"{PARENT}/topics/{topic}",
            ack_deadline_seconds=topology.ACK_DEADLINE,
            dead_letter_policy=policy if dead_letter else None,
        )
        self._subscriber.create_subscription(request=subscription)
