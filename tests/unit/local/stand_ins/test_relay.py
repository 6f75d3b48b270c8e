"""Delivery of the relay like production push, from the in-memory Pub/Sub to an endpoint."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from google.pubsub_v1.types import DeadLetterPolicy, Subscription, Topic

from chassis.tracing import parse_traceparent
from local.stand_ins.delivery_activity import DeliveryActivity
from local.stand_ins.grpc_server import start
from local.stand_ins.leased_messages import LeasedMessages, connect_subscriber
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub.servicer import Servicer
from local.stand_ins.pubsub_messages import PubsubMessage, ReceivedMessage
from local.stand_ins.relay import PAUSE, Relay, make_post, make_session

TOPIC = "projects/test/topics/uploads"
DEAD_LETTER_TOPIC = "projects/test/topics/dead"
NAME = "projects/test/subscriptions/ingest"
LETTERS = "projects/test/subscriptions/letters"
PATH = "/push/ingest"


@dataclass(frozen=True)
class PushRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class PushEndpoint:
    """Service that answers with the given status codes and records its requests.

    It closes the connection in place of the status 0.
    """

    answers: list[int] = field(default_factory=list)
    seconds: float = 0
    requests: list[PushRequest] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Times of the requests, in seconds of the monotonic clock."""
    in_flight: int = 0
    most_in_flight: int = 0

    async def serve(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.requests.append(PushRequest(request.method, request.path, headers, body))
        self.times.append(time.monotonic())
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.in_flight -= 1
        status = self.answers.pop(0) if self.answers else 204
        if not status and request.transport:
            request.transport.abort()
        return web.Response(status=status or 500)

    @property
    def attempts(self) -> list[int]:
        return [json.loads(request.body)["deliveryAttempt"] for request in self.requests]

    @asynccontextmanager
    async def run(self) -> AsyncIterator[str]:
        """Yield the URL."""
        runner = web.ServerRunner(web.Server(self.serve), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield site.name + PATH
        finally:
            await runner.cleanup()


class CountingBroker(Broker):
    """Broker that counts the pulls with messages."""

    def __init__(self) -> None:
        super().__init__()
        self.pulls = 0

    def pull(self, subscription: str, limit: int, now: float) -> list[ReceivedMessage]:
        received = super().pull(subscription, limit, now)
        self.pulls += bool(received)
        return received


class WatchedActivity(DeliveryActivity):
    """Activity that notes whether a relay waits for it, with messages that it has received."""

    is_awaited = False

    async def wait_for_pause(self) -> None:
        self.is_awaited = True
        await super().wait_for_pause()


@dataclass
class RunningRelay:
    """In-memory Pub/Sub with one subscription, and a running relay."""

    broker: CountingBroker
    relay: "asyncio.Task[None]"

    def publish(self, count: int = 1) -> list[str]:
        messages = [PubsubMessage(data=b"{}") for _ in range(count)]
        return self.broker.publish(TOPIC, messages, time.time())

    async def wait_until_drained(self) -> None:
        await wait_until(lambda: len(self.broker.find_backlog(NAME)) == 0)

    async def stop(self) -> None:
        self.relay.cancel()
        with suppress(asyncio.CancelledError):
            await self.relay


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(600):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def run_relay(
    endpoint: PushEndpoint,
    *,
    scale: float = 0.001,
    deadline: int = 600,
    window: int = 80,
    pause: float = PAUSE,
    is_bootstrapped: bool = True,
    others: DeliveryActivity | None = None,
) -> AsyncIterator[RunningRelay]:
    broker = CountingBroker()
    if is_bootstrapped:
        create_topics(broker, deadline)
    server, port = await start("127.0.0.1:0", *Servicer(broker).make_handlers())
    client = connect_subscriber(f"127.0.0.1:{port}")
    async with endpoint.run() as url, make_session(deadline) as http:
        messages = LeasedMessages(client, NAME, deadline)
        relay = Relay(
            messages,
            make_post(http),
            url,
            scale=scale,
            window=window,
            pause=pause,
            others=others,
        )
        running = RunningRelay(broker, asyncio.create_task(relay.run()))
        try:
            yield running
        finally:
            await running.stop()
            await client.transport.close()  # type: ignore[no-untyped-call] # the library's
            await server.stop(None)


def create_topics(broker: Broker, deadline: int = 600) -> None:
    for name in (TOPIC, DEAD_LETTER_TOPIC):
        broker.create_topic(Topic(name=name))
    broker.create_subscription(Subscription(name=LETTERS, topic=DEAD_LETTER_TOPIC))
    policy = DeadLetterPolicy(dead_letter_topic=DEAD_LETTER_TOPIC, max_delivery_attempts=5)
    broker.create_subscription(
        Subscription(
            name=NAME, topic=TOPIC, ack_deadline_seconds=deadline, dead_letter_policy=policy
        )
    )


async def test_an_accepted_message_is_delivered_once_with_productions_headers() -> None:
    endpoint = PushEndpoint()
    async with run_relay(endpoint) as running:
        ids = running.publish(3)
        await running.wait_until_drained()
    delivered = [json.loads(request.body)["message"]["messageId"] for request in endpoint.requests]
    assert sorted(delivered) == sorted(ids)
    request = endpoint.requests[0]
    assert (request.method, request.path) == ("POST", PATH)
    assert request.headers["authorization"].startswith("Bearer ey")
    traces = {parse_traceparent(each.headers["traceparent"]) for each in endpoint.requests}
    assert None not in traces
    assert len(traces) == 3
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [500, 503, 429, 404, 203, 302, 0])
async def test_a_message_that_is_refused_or_not_answered_is_delivered_again(status: int) -> None:
    endpoint = PushEndpoint([status, status, 202])
    async with run_relay(endpoint) as running:
        running.publish()
        await running.wait_until_drained()
    assert endpoint.attempts == [1, 2, 3]


async def test_after_its_attempts_a_message_goes_to_the_dead_letter_topic() -> None:
    endpoint = PushEndpoint([500] * 9)
    async with run_relay(endpoint, scale=0.0001) as running:
        running.publish()
        await running.wait_until_drained()
        (letter,) = running.broker.pull(LETTERS, 10, time.time())
    assert endpoint.attempts == [1, 2, 3, 4, 5]
    assert letter.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"


async def test_no_more_than_the_window_is_in_flight() -> None:
    endpoint = PushEndpoint(seconds=0.02)
    async with run_relay(endpoint, window=4) as running:
        running.publish(20)
        await running.wait_until_drained()
    assert (len(endpoint.requests), endpoint.most_in_flight) == (20, 4)


async def test_a_pull_with_messages_is_followed_by_a_pause() -> None:
    endpoint = PushEndpoint()
    async with run_relay(endpoint, pause=3600) as running:
        running.publish(3)
        await running.wait_until_drained()
        running.publish()
        await asyncio.sleep(0.5)
        assert (len(endpoint.requests), running.broker.pulls) == (3, 1)


async def test_a_deferred_message_waits_for_the_open_deliveries_of_others() -> None:
    endpoint, activity = PushEndpoint(), WatchedActivity(pause=0.01)
    async with run_relay(endpoint, others=activity) as running:
        with activity.track():
            running.publish(2)
            await wait_until(lambda: activity.is_awaited)
            await asyncio.sleep(0.3)
            assert endpoint.requests == []
        await running.wait_until_drained()
    assert endpoint.attempts == [1, 1]


async def test_a_relay_that_stops_returns_deferred_messages() -> None:
    activity = WatchedActivity()
    async with run_relay(PushEndpoint(), others=activity) as running:
        with activity.track():
            ids = running.publish(2)
            await wait_until(lambda: activity.is_awaited)
            await running.stop()
        returned = running.broker.pull(NAME, 10, time.time())
    assert sorted(each.message.message_id for each in returned) == ids


async def test_open_requests_leave_the_rest_of_the_window_free() -> None:
    endpoint = PushEndpoint(seconds=60)
    async with run_relay(endpoint, window=4) as running:
        running.publish(3)
        await wait_until(lambda: len(endpoint.requests) == 3)
        running.publish()
        await wait_until(lambda: len(endpoint.requests) == 4)


async def test_messages_in_back_off_do_not_fill_the_window() -> None:
    endpoint = PushEndpoint([500, 500])
    async with run_relay(endpoint, window=2, scale=100) as running:
        running.publish(5)
        await wait_until(lambda: len(running.broker.find_backlog(NAME)) == 2)
    assert endpoint.attempts == [1] * 5


async def test_the_deadline_does_not_expire_while_a_message_is_held_back() -> None:
    endpoint = PushEndpoint([500])
    # A back-off of 3 s with a deadline of 2 s.
    async with run_relay(endpoint, deadline=2, scale=0.3) as running:
        running.publish()
        await running.wait_until_drained()
    assert endpoint.attempts == [1, 2]
    first, second = endpoint.times
    assert second - first > 2.9


async def test_an_endpoint_that_hangs_is_given_up_at_the_deadline() -> None:
    endpoint = PushEndpoint(seconds=60)
    async with run_relay(endpoint, deadline=1) as running:
        running.publish()
        await wait_until(lambda: len(endpoint.requests) == 1)
        endpoint.seconds = 0
        await running.wait_until_drained()
    assert endpoint.attempts == [1, 2]


async def test_a_relay_that_stops_returns_unfinished_messages() -> None:
    endpoint = PushEndpoint(seconds=60)
    async with run_relay(endpoint) as running:
        ids = running.publish()
        await wait_until(lambda: len(endpoint.requests) == 1)
        await running.stop()
        returned = running.broker.pull(NAME, 10, time.time())
        assert sorted(each.message.message_id for each in returned) == ids


async def test_it_waits_for_a_subscription_that_is_not_there_yet() -> None:
    async with run_relay(PushEndpoint(), is_bootstrapped=False) as running:
        await asyncio.sleep(0.2)
        create_topics(running.broker)
        running.publish()
        await running.wait_until_drained()
