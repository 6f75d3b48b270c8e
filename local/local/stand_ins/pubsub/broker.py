"""Broker of the in-memory Pub/Sub: topics, subscriptions, and the delivery of messages.

It supports the plain pull subscriptions of the relay. It refuses all other features with an error:
push, filters, ordering, schemas and snapshots. All data is lost when the process ends.
"""

import itertools
import re
from collections.abc import Iterable, Sequence

import grpc
from google.pubsub_v1.types import Subscription, Topic

from local.stand_ins.grpc_server import (
    StatusError,
    make_already_exists,
    make_invalid_argument,
    make_not_found,
)
from local.stand_ins.pubsub.backlog import Backlog, Delivery
from local.stand_ins.pubsub_messages import PubsubMessage, ReceivedMessage

# https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
NAME = re.compile(r"projects/[^/]+/(topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
DEFAULT_DEADLINE, MAX_DEADLINE = 10, 600
DEFAULT_ATTEMPTS = 5
ATTEMPTS = range(5, 101)


class Broker:
    """All topics and backlogs; times are seconds since the epoch."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.backlogs: dict[str, Backlog] = {}
        self._message_ids = itertools.count(1)

    def create_topic(self, topic: Topic) -> Topic:
        """Create a topic.

        :raises StatusError: if its name is taken or invalid.
        """
        _check_name(topic.name, "topics")
        if topic.name in self.topics:
            raise make_already_exists("Topic already exists")
        self.topics[topic.name] = topic
        return topic

    def find_topic(self, name: str) -> Topic:
        """Return the topic; raise NOT_FOUND if it does not exist."""
        if name not in self.topics:
            raise make_not_found(f"Topic not found (resource={name})")
        return self.topics[name]

    def delete_topic(self, name: str) -> None:
        """Delete the topic; its subscriptions keep their messages."""
        self.find_topic(name)
        del self.topics[name]
        for backlog in self.backlogs.values():
            if backlog.topic == name:
                backlog.forget_topic()

    def create_subscription(self, subscription: Subscription) -> Subscription:
        """Create a subscription for messages published from now on.

        :raises StatusError: if its name is taken, its topic missing, or a feature unsupported.
        """
        _check_name(subscription.name, "subscriptions")
        self.find_topic(subscription.topic)
        _check_plain(subscription)
        if subscription.name in self.backlogs:
            raise make_already_exists("Subscription already exists")
        self.backlogs[subscription.name] = Backlog(_set_defaults(subscription))
        return subscription

    def find_backlog(self, subscription: str) -> Backlog:
        """Return the backlog of the subscription; raise NOT_FOUND if it does not exist."""
        if subscription not in self.backlogs:
            raise make_not_found(f"Subscription does not exist (resource={subscription})")
        return self.backlogs[subscription]

    def delete_subscription(self, name: str) -> None:
        """Delete the subscription with its messages."""
        self.find_backlog(name)
        del self.backlogs[name]

    def publish(self, topic: str, messages: Sequence[PubsubMessage], now: float) -> list[str]:
        """Set id and time of each message, and add it to every subscription of the topic."""
        self.find_topic(topic)
        if not messages or any(not (m.data or m.attributes) for m in messages):
            raise make_invalid_argument("Some messages are empty")
        for message in messages:
            message.message_id = str(next(self._message_ids))
            message.publish_time.FromNanoseconds(round(now * 1e9))
            self._deliver(topic, message)
        return [message.message_id for message in messages]

    def _deliver(self, topic: str, message: PubsubMessage) -> None:
        for name in self.list_subscriptions(topic):
            self.backlogs[name].add(message)

    def list_subscriptions(self, topic: str) -> list[str]:
        """Return the names of the topic's subscriptions."""
        return [n for n, backlog in self.backlogs.items() if backlog.topic == topic]

    def pull(self, subscription: str, limit: int, now: float) -> list[ReceivedMessage]:
        """Return at most ``limit`` messages without waiting."""
        if limit < 1:
            raise make_invalid_argument("No max_messages specified")
        self.expire(now)
        return self.find_backlog(subscription).lease(limit, now)

    def acknowledge(self, subscription: str, ack_ids: Iterable[str]) -> None:
        """Delete acknowledged messages of the subscription."""
        self.find_backlog(subscription).acknowledge(ack_ids)

    def modify_deadlines(
        self, subscription: str, ack_ids: Iterable[str], seconds: int, now: float
    ) -> None:
        """Move the deadlines of leases to ``seconds`` from now; 0 returns the messages at once."""
        if not 0 <= seconds <= MAX_DEADLINE:
            raise make_invalid_argument("ack_deadline_seconds out of bounds")
        backlog = self.find_backlog(subscription)
        self._publish_dead_letters(backlog, backlog.extend(ack_ids, seconds, now), now)

    def expire(self, now: float) -> None:
        """Take back leases after their deadline, in every subscription."""
        for backlog in list(self.backlogs.values()):
            self._publish_dead_letters(backlog, backlog.expire(now), now)

    def _publish_dead_letters(
        self, backlog: Backlog, exhausted: Iterable[Delivery], now: float
    ) -> None:
        """Publish exhausted deliveries to the dead-letter topic; without a topic they are lost."""
        for delivery in exhausted:
            topic = backlog.subscription.dead_letter_policy.dead_letter_topic
            if topic in self.topics:
                self.publish(topic, [_make_dead_letter(backlog.subscription, delivery)], now)


def _make_dead_letter(subscription: Subscription, delivery: Delivery) -> PubsubMessage:
    """Return the dead letter of a delivery.

    https://cloud.google.com/pubsub/docs/handling-failures#track_delivery_attempts
    """
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
            f"{source}TopicPublishTime": delivery.message.publish_time.ToJsonString(),
        },
    )


def _check_name(name: str, collection: str) -> None:
    match = NAME.fullmatch(name)
    if match is None or match[1] != collection:
        raise make_invalid_argument(f"Invalid [{collection}] name: (name={name})")


def _check_plain(subscription: Subscription) -> None:
    for field in ("push_config", "bigquery_config", "cloud_storage_config", "filter"):
        if getattr(subscription, field):
            raise StatusError(grpc.StatusCode.UNIMPLEMENTED, f"this stand-in has no {field}")
    if subscription.enable_message_ordering:
        raise StatusError(
            grpc.StatusCode.UNIMPLEMENTED, "this stand-in delivers at least once, unordered"
        )
    if not 0 <= subscription.ack_deadline_seconds <= MAX_DEADLINE:
        raise make_invalid_argument("ack_deadline_secs out of bounds")
    policy = subscription.dead_letter_policy
    attempts = policy.max_delivery_attempts or DEFAULT_ATTEMPTS
    if policy.dead_letter_topic and attempts not in ATTEMPTS:
        detail = "max_delivery_attempts out of bounds"
        raise StatusError(grpc.StatusCode.OUT_OF_RANGE, detail)


def _set_defaults(subscription: Subscription) -> Subscription:
    subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or DEFAULT_DEADLINE
    policy = subscription.dead_letter_policy
    if policy.dead_letter_topic:
        policy.max_delivery_attempts = policy.max_delivery_attempts or DEFAULT_ATTEMPTS
    return subscription
