"""Leased messages of the relay, on the in-memory Pub/Sub."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from google.pubsub_v1.types import Subscription, Topic

from local.stand_ins.grpc_server import start
from local.stand_ins.leased_messages import LeasedMessages, connect_subscriber
from local.stand_ins.pubsub.broker import Broker
from local.stand_ins.pubsub.servicer import Servicer
from local.stand_ins.pubsub_messages import PubsubMessage

TOPIC = "projects/test/topics/uploads"
NAME = "projects/test/subscriptions/ingest"


class AnswerRecorder(Broker):
    """Broker with one subscription. It records the answers to messages."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self.returned: list[int] = []
        """Numbers of messages, for each call."""
        self.create_topic(Topic(name=TOPIC))
        self.create_subscription(Subscription(name=NAME, topic=TOPIC, ack_deadline_seconds=600))

    def acknowledge(self, subscription: str, ack_ids: Iterable[str]) -> None:
        answers = list(ack_ids)
        super().acknowledge(subscription, answers)
        self.acknowledged.append(len(answers))

    def modify_deadlines(
        self, subscription: str, ack_ids: Iterable[str], seconds: int, now: float
    ) -> None:
        answers = list(ack_ids)
        super().modify_deadlines(subscription, answers, seconds, now)
        if seconds == 0:
            self.returned.append(len(answers))

    def publish_numbers(self, count: int) -> None:
        """Publish the numbers from 0."""
        messages = [PubsubMessage(data=str(number).encode()) for number in range(count)]
        self.publish(TOPIC, messages, time.time())

    def pull_data(self) -> list[bytes]:
        """Return the data of the messages without a lease."""
        return [each.message.data for each in self.pull(NAME, 10_000, time.time())]


@asynccontextmanager
async def connect(broker: Broker) -> AsyncIterator[LeasedMessages]:
    server, port = await start("127.0.0.1:0", *Servicer(broker).make_handlers())
    client = connect_subscriber(f"127.0.0.1:{port}")
    try:
        yield LeasedMessages(client, NAME, deadline=600)
    finally:
        await client.transport.close()  # type: ignore[no-untyped-call] # the library's
        await server.stop(None)


async def test_answers_of_the_same_moment_are_one_call_each() -> None:
    broker = AnswerRecorder()
    broker.publish_numbers(30)
    async with connect(broker) as messages:
        received = await messages.pull(80)
        running = asyncio.create_task(messages.run())
        for each in received:
            if int(each.message.data) % 3:
                messages.acknowledge(each.ack_id)
            else:
                messages.give_back(each.ack_id)
        async with asyncio.timeout(600):
            while not broker.returned:
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert (broker.acknowledged, broker.returned) == ([20], [10])
    assert broker.pull_data() == [str(number).encode() for number in range(0, 30, 3)]


async def test_close_sends_the_last_answers_and_returns_all_other_messages() -> None:
    broker = AnswerRecorder()
    broker.publish_numbers(3)
    async with connect(broker) as messages:
        received = await messages.pull(80)
        messages.acknowledge(received[1].ack_id)
        await messages.close()
    assert (broker.acknowledged, broker.returned) == ([1], [2])
    assert sorted(broker.pull_data()) == [b"0", b"2"]


async def test_many_answers_are_divided_into_several_calls() -> None:
    broker = AnswerRecorder()
    broker.publish_numbers(2500)
    async with connect(broker) as messages:
        for each in await messages.pull(2500):
            messages.acknowledge(each.ack_id)
        await messages.close()
    assert broker.acknowledged == [1000, 1000, 500]
    assert len(broker.find_backlog(NAME)) == 0
