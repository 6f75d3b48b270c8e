"""gRPC servicer of the in-memory Pub/Sub: the methods of Publisher and Subscriber in use.

https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

import grpc
from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from local.stand_ins.grpc_server import Method, make_handler
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub_messages import (
    AcknowledgeRequest,
    ModifyAckDeadlineRequest,
    PublishRequest,
    PublishResponse,
    PullRequest,
    PullResponse,
)

# Seconds until an empty pull returns; short, to notice a disconnected client soon.
POLL = 5.0
# Maximum delay in seconds until a waiting pull notices an expired deadline.
TICK = 0.25


class Servicer:
    """Servicer of one broker; a single event loop makes locks unnecessary."""

    def __init__(self, broker: Broker, poll: float = POLL) -> None:
        self._broker = broker
        self._poll = poll
        self._arrived: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        """Event of each subscription with a waiting pull."""

    def make_handlers(self) -> list[grpc.GenericRpcHandler]:
        """Return the handlers of both services."""
        return [
            make_handler("google.pubsub.v1.Publisher", self._list_publisher_methods()),
            make_handler("google.pubsub.v1.Subscriber", self._list_subscriber_methods()),
        ]

    def _list_publisher_methods(self) -> Mapping[str, Method]:
        return {
            "CreateTopic": Method(types.Topic, self._broker.create_topic),
            "GetTopic": Method(types.GetTopicRequest, lambda r: self._broker.find_topic(r.topic)),
            "ListTopics": Method(types.ListTopicsRequest, self._list_topics),
            "DeleteTopic": Method(types.DeleteTopicRequest, self._delete_topic),
            "Publish": Method(PublishRequest, self._publish),
        }

    def _list_subscriber_methods(self) -> Mapping[str, Method]:
        return {
            "CreateSubscription": Method(types.Subscription, self._broker.create_subscription),
            "GetSubscription": Method(
                types.GetSubscriptionRequest,
                lambda r: self._broker.find_backlog(r.subscription).subscription,
            ),
            "ListSubscriptions": Method(types.ListSubscriptionsRequest, self._list_subscriptions),
            "DeleteSubscription": Method(
                types.DeleteSubscriptionRequest, self._delete_subscription
            ),
            "Pull": Method(PullRequest, self._pull),
            "Acknowledge": Method(AcknowledgeRequest, self._acknowledge),
            "ModifyAckDeadline": Method(ModifyAckDeadlineRequest, self._modify),
        }

    def _list_topics(self, request: types.ListTopicsRequest) -> types.ListTopicsResponse:
        topics = self._broker.topics
        found = [topics[name] for name in sorted(topics) if name.startswith(f"{request.project}/")]
        return types.ListTopicsResponse(topics=found)

    def _delete_topic(self, request: types.DeleteTopicRequest) -> Empty:
        self._broker.delete_topic(request.topic)
        return Empty()

    def _publish(self, request: PublishRequest) -> PublishResponse:
        ids = self._broker.publish(request.topic, request.messages, time.time())
        self._wake(self._broker.list_subscriptions(request.topic))
        return PublishResponse(message_ids=ids)

    def _list_subscriptions(
        self, request: types.ListSubscriptionsRequest
    ) -> types.ListSubscriptionsResponse:
        backlogs = self._broker.backlogs
        found = [
            backlogs[name].subscription
            for name in sorted(backlogs)
            if name.startswith(f"{request.project}/")
        ]
        return types.ListSubscriptionsResponse(subscriptions=found)

    def _delete_subscription(self, request: types.DeleteSubscriptionRequest) -> Empty:
        self._broker.delete_subscription(request.subscription)
        return Empty()

    async def _pull(self, request: PullRequest) -> PullResponse:
        """Wait for messages up to the poll time; a disconnected client gets no lease."""
        until = time.monotonic() + self._poll
        while True:
            arrived = self._arrived[request.subscription]
            received = self._broker.pull(request.subscription, request.max_messages, time.time())
            if received or request.return_immediately or time.monotonic() >= until:
                return PullResponse(received_messages=received)
            await _wait(arrived, TICK)

    def _acknowledge(self, request: AcknowledgeRequest) -> Empty:
        self._broker.acknowledge(request.subscription, request.ack_ids)
        return Empty()

    def _modify(self, request: ModifyAckDeadlineRequest) -> Empty:
        seconds = request.ack_deadline_seconds
        self._broker.modify_deadlines(request.subscription, request.ack_ids, seconds, time.time())
        self._wake(list(self._arrived))  # also those of dead letters
        return Empty()

    def _wake(self, subscriptions: Iterable[str]) -> None:
        """Wake the waiting pulls of these subscriptions."""
        for name in subscriptions:
            if arrived := self._arrived.pop(name, None):
                arrived.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
