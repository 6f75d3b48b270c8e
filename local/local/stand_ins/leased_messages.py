"""Leased messages of the relay: pulls, extensions, and answers in batches."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence

import grpc
from google.api_core.exceptions import GoogleAPIError
from google.api_core.grpc_helpers_async import wrap_errors
from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from local.stand_ins.pubsub_messages import PullRequest, PullResponse, ReceivedMessage

logger = logging.getLogger(__name__)

# Seconds between two attempts to reach a missing Pub/Sub or subscription.
RECONNECT = 0.5
# Seconds in which the answers to messages are collected for one request.
DELAY = 0.2
# Maximum number of answers in a request. A request to Pub/Sub has at most 512 KiB, and an id of the
# emulator is shorter than 200 bytes: https://cloud.google.com/pubsub/quotas
MOST_ANSWERS = 1000
CHANNEL_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0)]


def connect_subscriber(host: str) -> SubscriberAsyncClient:
    """Return a client for the Pub/Sub at ``host``."""
    channel = grpc.aio.insecure_channel(host, options=CHANNEL_OPTIONS)
    return SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))


class LeasedMessages:
    """Leased messages of one subscription.

    The answer to a message is :meth:`acknowledge` or :meth:`give_back`. Both return at once;
    :meth:`run` sends the answers of the last 200 ms by one request.

    :param path: ``projects/…/subscriptions/…``.
    :param deadline: seconds of a lease. :meth:`run` extends it until the answer.
    """

    def __init__(self, client: SubscriberAsyncClient, path: str, deadline: float) -> None:
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self._client = client
        self._pull = wrap_errors(_find_pull(client))  # type: ignore[no-untyped-call]  # Google's
        self._deadline = deadline
        self._leased: set[str] = set()
        self._delivered: list[str] = []
        self._returned: list[str] = []
        self._answered = asyncio.Event()
        self._connected = False

    async def pull(self, limit: int) -> Sequence[ReceivedMessage]:
        """Wait for at most ``limit`` messages; after an error, pause and return none.

        There is no time-out: messages leased at that moment would be lost until their deadline.
        """
        request = PullRequest(subscription=self.path, max_messages=limit)
        try:
            response = await self._pull(request)
        except GoogleAPIError as error:
            await self._pause(error)
            return []
        self._connected = True
        received = list(response.received_messages)
        self._leased.update(each.ack_id for each in received)
        return received

    async def _pause(self, error: GoogleAPIError) -> None:
        if self._connected:
            logger.warning("%s: lost Pub/Sub: %s", self.name, error)
        self._connected = False
        await asyncio.sleep(RECONNECT)

    def acknowledge(self, ack_id: str) -> None:
        """Acknowledge a delivered message."""
        self._answer(ack_id, self._delivered)

    def give_back(self, ack_id: str) -> None:
        """Return a message to Pub/Sub, for its next delivery."""
        self._answer(ack_id, self._returned)

    def _answer(self, ack_id: str, answers: list[str]) -> None:
        self._leased.discard(ack_id)
        answers.append(ack_id)
        self._answered.set()

    async def run(self) -> None:
        """Extend the leases and send the answers until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._extend_leases())
            tasks.create_task(self._send_answers())

    async def _extend_leases(self) -> None:
        """Extend all leases, often enough to tolerate one failure."""
        while True:
            await asyncio.sleep(self._deadline / 3)
            for ack_ids in _split(list(self._leased)):
                await self._modify(ack_ids, round(self._deadline))

    async def _send_answers(self) -> None:
        while True:
            await self._answered.wait()
            await asyncio.sleep(DELAY)
            await self._flush()

    async def close(self) -> None:
        """Return all messages without an answer to Pub/Sub, and send the last answers."""
        for ack_id in list(self._leased):
            self.give_back(ack_id)
        await self._flush()

    async def _flush(self) -> None:
        self._answered.clear()
        delivered, self._delivered = self._delivered, []
        returned, self._returned = self._returned, []
        for ack_ids in _split(delivered):
            with self._log_errors():
                request = {"subscription": self.path, "ack_ids": ack_ids}
                await self._client.acknowledge(request=request)
        for ack_ids in _split(returned):
            await self._modify(ack_ids, 0)

    async def _modify(self, ack_ids: Sequence[str], seconds: int) -> None:
        request = {
            "subscription": self.path,
            "ack_ids": ack_ids,
            "ack_deadline_seconds": seconds,
        }
        with self._log_errors():
            await self._client.modify_ack_deadline(request=request)

    @contextlib.contextmanager
    def _log_errors(self) -> Iterator[None]:
        """Log an error of Pub/Sub and continue; the message is delivered again."""
        try:
            yield
        except GoogleAPIError as error:
            logger.warning("%s: %s", self.name, error)


def _find_pull(client: SubscriberAsyncClient) -> Callable[[PullRequest], Awaitable[PullResponse]]:
    """Return the method that pulls plain messages, without the wrappers of the library."""
    channel: grpc.aio.Channel = client.transport.grpc_channel  # type: ignore[attr-defined]  # gRPC's
    method: Callable[[PullRequest], Awaitable[PullResponse]] = channel.unary_unary(
        "/google.pubsub.v1.Subscriber/Pull",
        request_serializer=PullRequest.SerializeToString,
        response_deserializer=PullResponse.FromString,
    )
    return method


def _split(ack_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ack_ids), MOST_ANSWERS):
        yield ack_ids[start : start + MOST_ANSWERS]
