"""Relay that delivers Pub/Sub messages like production push: ``python -m local.stand_ins.relay``.

The push of Google's emulator differs from production: see docs/adr/0003. The relay keeps the lease
of a message during its delivery, and during the back-off after a failed delivery.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Iterator

import grpc
import httpx
from google.api_core.exceptions import GoogleAPIError
from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from google.pubsub_v1.types import ReceivedMessage

from local import topology
from local.plain_logs import log_to_stdout
from local.settings import RelaySettings
from local.stand_ins import push_request

logger = logging.getLogger(__name__)

# Seconds between two attempts to find a missing Pub/Sub or subscription.
PAUSE = 0.5
CHANNEL_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0)]


class Relay:
    """Delivery of one subscription to one endpoint, with at most ``window`` open requests."""

    def __init__(
        self,
        client: SubscriberAsyncClient,
        http: httpx.AsyncClient,
        subscription: str,
        endpoint: str,
        *,
        scale: float,
        deadline: float = topology.ACK_DEADLINE,
        window: int = topology.WINDOW,
    ) -> None:
        self._client = client
        self._http = http
        self._subscription = subscription
        self._name = subscription.rsplit("/", 1)[-1]
        self._endpoint = endpoint
        self._scale = scale
        self._deadline = deadline
        self._window = window
        self._in_flight: set[asyncio.Task[bool]] = set()
        self._leased: set[str] = set()
        self._connected = False

    async def run(self) -> None:
        """Deliver until cancelled; then return unfinished messages to Pub/Sub."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_leases())
            while True:
                if len(self._in_flight) >= self._window:
                    await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
                    continue
                for received in await self._pull(self._window - len(self._in_flight)):
                    self._leased.add(received.ack_id)
                    post = tasks.create_task(self._post(received))
                    self._in_flight.add(post)
                    post.add_done_callback(self._in_flight.discard)
                    tasks.create_task(self._settle(received, post))

    async def _pull(self, limit: int) -> list[ReceivedMessage]:
        """Wait for at most ``limit`` messages.

        There is no time-out: messages leased at that moment would be lost until their deadline.
        """
        request = {"subscription": self._subscription, "max_messages": limit}
        try:
            response = await self._client.pull(request=request, retry=None, timeout=None)
        except GoogleAPIError as error:
            await self._pause(error)
            return []
        self._connected = True
        return list(response.received_messages)

    async def _pause(self, error: GoogleAPIError) -> None:
        if self._connected:
            logger.warning("%s: lost Pub/Sub: %s", self._name, error)
        self._connected = False
        await asyncio.sleep(PAUSE)

    async def _post(self, received: ReceivedMessage) -> bool:
        """Return whether the endpoint acknowledged the message."""
        token = push_request.make_bearer_token(self._endpoint, time.time())
        trace = push_request.make_traceparent()
        headers = {"authorization": f"Bearer {token}", "traceparent": trace}
        body = push_request.make_envelope(received, self._subscription)
        try:
            # One limit for the whole request; those of httpx apply to each read.
            async with asyncio.timeout(self._deadline):
                response = await self._http.post(self._endpoint, json=body, headers=headers)
        except (httpx.HTTPError, TimeoutError) as error:
            return self._log_refusal(received, f"no answer ({type(error).__name__})")
        if response.status_code in push_request.ACKNOWLEDGING:
            return True
        return self._log_refusal(received, f"HTTP {response.status_code}")

    def _log_refusal(self, received: ReceivedMessage, reason: str) -> bool:
        where = f"{self._name} message {received.message.message_id}"
        logger.warning("%s, attempt %d: %s", where, received.delivery_attempt, reason)
        return False

    async def _settle(self, received: ReceivedMessage, post: "asyncio.Task[bool]") -> None:
        """Acknowledge a delivered message; return a failed one to Pub/Sub after the back-off."""
        delivered = False
        try:
            delivered = await post
            if not delivered:
                await asyncio.sleep(
                    push_request.compute_back_off(received.delivery_attempt, self._scale)
                )
        finally:
            self._leased.discard(received.ack_id)
            await self._answer(received.ack_id, delivered)

    async def _answer(self, ack_id: str, delivered: bool) -> None:
        if delivered:
            request = {"subscription": self._subscription, "ack_ids": [ack_id]}
            with self._log_errors():
                await self._client.acknowledge(request=request)
        else:
            await self._extend([ack_id], 0)

    async def _keep_leases(self) -> None:
        """Extend all leases, often enough to tolerate one failure."""
        while True:
            await asyncio.sleep(self._deadline / 3)
            await self._extend(list(self._leased), round(self._deadline))

    async def _extend(self, ack_ids: list[str], seconds: int) -> None:
        if ack_ids:
            request = {
                "subscription": self._subscription,
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
            logger.warning("%s: %s", self._name, error)


def connect_subscriber(host: str) -> SubscriberAsyncClient:
    """Return a client for the Pub/Sub at ``host``."""
    channel = grpc.aio.insecure_channel(host, options=CHANNEL_OPTIONS)
    return SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))


async def relay_all(settings: RelaySettings) -> None:
    """Deliver every subscription of the topology until SIGTERM."""
    client = connect_subscriber(settings.pubsub_emulator_host)
    async with contextlib.AsyncExitStack() as open_clients:
        relays = [
            Relay(
                client,
                # One client per subscription: a pool searches all its connections for each request.
                await open_clients.enter_async_context(_make_http_client()),
                f"projects/{topology.GCP_PROJECT}/subscriptions/{each.name}",
                settings.url(each.service) + each.path,
                scale=settings.back_off_scale,
            )
            for each in topology.SUBSCRIPTIONS
        ]
        running = asyncio.gather(*(relay.run() for relay in relays))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running


def _make_http_client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(timeout=topology.ACK_DEADLINE, limits=limits, trust_env=False)


def main() -> None:
    """Deliver until SIGTERM."""
    log_to_stdout()
    asyncio.run(relay_all(RelaySettings()))


if __name__ == "__main__":
    main()
