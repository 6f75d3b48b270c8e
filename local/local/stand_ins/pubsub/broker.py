"""The topics and subscriptions of the in-memory Pub/Sub, and the way of a message through them.

It keeps to what the relay's plain pull subscriptions need and refuses the rest by name rather than
pretending: no push, filters, ordering, schemas or snapshots. Nothing survives the process.
"""

import itertools
import re
from collections.abc import Iterable, Sequence

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.pubsub_v1.types import PubsubMessage, ReceivedMessage, Subscription, Topic

from local.stand_ins.grpc_server import Refused, already_exists, invalid, not_found
from local.stand_ins.pubsub.backlog import Backlog, Delivery

# https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
NAME = re.compile(r"projects/[^/]+/(topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
DEFAULT_DEADLINE, MAX_DEADLINE = 10, 600
DEFAULT_ATTEMPTS = 5
ATTEMPTS = range(5, 101)
DELETED_TOPIC = "_deleted-topic_"


class Broker:
    """All topics and all backlogs. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.backlogs: dict[str, Backlog] = {}
        self._message_ids = itertools.count(1)

    def create_topic(self, topic: Topic) -> Topic:
        """Remember a topic.

        :raises Refused: if its name is taken or not a name.
        """
        _check_name(topic.name, "topics")
        if topic.name in self.topics:
            raise already_exists("Topic already exists")
        self.topics[topic.name] = topic
        return topic

    def topic(self, name: str) -> Topic:
        """Return the topic; refuse with NOT_FOUND if there is none."""
        if name not in self.topics:
            raise not_found(f"Topic not found (resource={name})")
        return self.topics[name]

    def delete_topic(self, name: str) -> None:
        """Forget the topic; its subscriptions keep what they have."""
        self.topic(name)
        del self.topics[name]
        for backlog in self.backlogs.values():
            if backlog.subscription.topic == name:
                backlog.subscription.topic = DELETED_TOPIC

    def create_subscription(self, subscription: Subscription) -> Subscription:
        """Remember a subscription to what is published from now on.

        :raises Refused: if its name is taken, its topic is missing, or it asks for too much.
        """
        _check_name(subscription.name, "subscriptions")
        self.topic(subscription.topic)
        _check_plain(subscription)
        if subscription.name in self.backlogs:
            raise already_exists("Subscription already exists")
        self.backlogs[subscription.name] = Backlog(_with_defaults(subscription))
        return subscription

    def backlog(self, subscription: str) -> Backlog:
        """Return the subscription's backlog; refuse with NOT_FOUND if there is none."""
        if subscription not in self.backlogs:
            raise not_found(f"Subscription does not exist (resource={subscription})")
        return self.backlogs[subscription]

    def delete_subscription(self, name: str) -> None:
        """Forget the subscription with all it holds."""
        self.backlog(name)
        del self.backlogs[name]

    def publish(self, topic: str, messages: Sequence[PubsubMessage], now: float) -> list[str]:
        """Give each message its id and time, and to every subscription of the topic."""
        self.topic(topic)
        if not messages or any(not (m.data or m.attributes) for m in messages):
            raise invalid("Some messages are empty")
        for message in messages:
            message.message_id = str(next(self._message_ids))
            message.publish_time = _timestamp(now)
            self._deliver(topic, message)
        return [message.message_id for message in messages]

    def _deliver(self, topic: str, message: PubsubMessage) -> None:
        for backlog in self.backlogs.values():
            if backlog.subscription.topic == topic:
                backlog.add(message)

    def pull(self, subscription: str, limit: int, now: float) -> list[ReceivedMessage]:
        """Return at most ``limit`` messages, or none: this does not wait."""
        if limit < 1:
            raise invalid("No max_messages specified")
        self.expire(now)
        return self.backlog(subscription).lend(limit, now)

    def modify(self, subscription: str, ack_ids: Iterable[str], seconds: int, now: float) -> None:
        """Move the deadlines of what is held to ``seconds`` from now; 0 hands it back."""
        if not 0 <= seconds <= MAX_DEADLINE:
            raise invalid("ack_deadline_seconds out of bounds")
        backlog = self.backlog(subscription)
        self._bury(backlog, backlog.extend(ack_ids, seconds, now), now)

    def expire(self, now: float) -> None:
        """Take back all that was held beyond its deadline, in every subscription."""
        for backlog in list(self.backlogs.values()):
            self._bury(backlog, backlog.expire(now), now)

    def _bury(self, backlog: Backlog, spent: Iterable[Delivery], now: float) -> None:
        """Publish spent deliveries to the dead-letter topic; without one there they are lost."""
        grave = backlog.subscription.dead_letter_policy.dead_letter_topic
        for delivery in spent:
            if grave in self.topics:
                self.publish(grave, [_dead_letter(backlog.subscription, delivery)], now)


def _dead_letter(subscription: Subscription, delivery: Delivery) -> PubsubMessage:
    """https://cloud.google.com/pubsub/docs/handling-failures#track_delivery_attempts"""
    _, project, _, name = subscription.name.split("/")
    source = "CloudPubSubDeadLetterSource"
    return PubsubMessage(
        data=delivery.message.data,
        ordering_key=delivery.message.ordering_key,
        attributes={
            **delivery.message.attributes,
            f"{source}DeliveryCount": str(delivery.attempts),
            f"{source}Subscription": name,
            f"{source}SubscriptionProject": project,
            f"{source}TopicPublishTime": _rfc3339(delivery.message),
        },
    )


def _timestamp(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(round(seconds * 1e9))
    return stamp


def _rfc3339(message: PubsubMessage) -> str:
    published: str = PubsubMessage.pb(message).publish_time.ToJsonString()
    return published


def _check_name(name: str, collection: str) -> None:
    match = NAME.fullmatch(name)
    if match is None or match[1] != collection:
        raise invalid(f"Invalid [{collection}] name: (name={name})")


def _check_plain(subscription: Subscription) -> None:
    for field in ("push_config", "bigquery_config", "cloud_storage_config", "filter"):
        if getattr(subscription, field):
            raise Refused(grpc.StatusCode.UNIMPLEMENTED, f"this stand-in has no {field}")
    if subscription.enable_message_ordering:
        raise Refused(
            grpc.StatusCode.UNIMPLEMENTED, "this stand-in delivers at least once, unordered"
        )
    if not 0 <= subscription.ack_deadline_seconds <= MAX_DEADLINE:
        raise invalid("ack_deadline_secs out of bounds")
    policy = subscription.dead_letter_policy
    attempts = policy.max_delivery_attempts or DEFAULT_ATTEMPTS
    if policy.dead_letter_topic and attempts not in ATTEMPTS:
        detail = "max_delivery_attempts out of bounds"
        raise Refused(grpc.StatusCode.OUT_OF_RANGE, detail)


def _with_defaults(subscription: Subscription) -> Subscription:
    subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or DEFAULT_DEADLINE
    policy = subscription.dead_letter_policy
    if policy.dead_letter_topic:
        policy.max_delivery_attempts = policy.max_delivery_attempts or DEFAULT_ATTEMPTS
    return subscription
