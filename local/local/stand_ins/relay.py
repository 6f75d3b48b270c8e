"""Relay that delivers Pub/Sub messages like production push: ``python -m local.stand_ins.relay``.

The push of Google's emulator differs from production: see docs/adr/0003. The relay keeps the lease
of a message during its delivery, and during the back-off after a failed delivery.
"""

import asyncio
import contextlib
import gc
import json
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import uvloop

from local import topology
from local.plain_logs import log_to_stdout
from local.settings import RelaySettings
from local.stand_ins import push_request
from local.stand_ins.delivery_activity import DeliveryActivity
from local.stand_ins.leased_messages import LeasedMessages, connect_subscriber
from local.stand_ins.pubsub_messages import ReceivedMessage

logger = logging.getLogger(__name__)

PAUSE = 0.15
# Seconds until an idle connection is closed; shorter than the 5 s of the services' uvicorn, so that
# a service closes no connection while a request is on its way.
KEEP_ALIVE = 3.0


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Function that posts a body with header fields to a URL, and returns the status of the response.

:raises aiohttp.ClientError: if there is no response.
:raises TimeoutError: if there is no response in time.
"""


class Relay:
    """Delivery of one subscription to one endpoint.

    :param window: maximum number of open requests.
    :param pause: seconds from a pull with messages to the next one, so that under load a call pulls
        many messages.
    :param others: the deliveries that those of this subscription wait for; None: they do not wait.
    :param activity: counts the deliveries of this subscription, for those that wait.
    """

    def __init__(
        self,
        messages: LeasedMessages,
        post: Post,
        endpoint: str,
        *,
        scale: float,
        window: int = topology.WINDOW,
        pause: float = PAUSE,
        others: DeliveryActivity | None = None,
        activity: DeliveryActivity | None = None,
    ) -> None:
        self._messages = messages
        self._send = post
        self._endpoint = endpoint
        self._scale = scale
        self._window = window
        self._pause = pause
        self._others = others
        self._activity = activity or DeliveryActivity()
        self._open_requests = 0
        self._answered = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled; then return unfinished messages to Pub/Sub."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._messages.run())
                while True:
                    await self._wait_for_window()
                    pulled = await self._messages.pull(self._window - self._open_requests)
                    if pulled and self._others:
                        await self._others.wait_for_pause()
                    for received in pulled:
                        self._open_requests += 1
                        tasks.create_task(self._deliver(received))
                    await asyncio.sleep(self._pause if pulled else 0)
        finally:
            await self._messages.close()

    async def _wait_for_window(self) -> None:
        """Return when a request may be opened."""
        while self._open_requests >= self._window:
            self._answered.clear()
            await self._answered.wait()

    async def _deliver(self, received: ReceivedMessage) -> None:
        """Acknowledge a delivered message; return a failed one to Pub/Sub after the back-off."""
        if await self._post(received):
            self._messages.acknowledge(received.ack_id)
        else:
            attempt = received.delivery_attempt
            await asyncio.sleep(push_request.compute_back_off(attempt, self._scale))
            self._messages.give_back(received.ack_id)

    async def _post(self, received: ReceivedMessage) -> bool:
        """Return whether the endpoint acknowledged the message."""
        token = push_request.make_bearer_token(self._endpoint, time.time())
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "traceparent": push_request.make_traceparent(),
        }
        body = json.dumps(push_request.make_envelope(received, self._messages.path))
        try:
            with self._activity.track():
                status = await self._send(self._endpoint, body.encode(), headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._log_refusal(received, f"no answer ({type(error).__name__})")
        finally:
            self._open_requests -= 1
            self._answered.set()
        if status in push_request.ACKNOWLEDGING:
            return True
        return self._log_refusal(received, f"HTTP {status}")

    def _log_refusal(self, received: ReceivedMessage, reason: str) -> bool:
        where = f"{self._messages.name} message {received.message.message_id}"
        logger.warning("%s, attempt %d: %s", where, received.delivery_attempt, reason)
        return False


def make_session(deadline: float) -> aiohttp.ClientSession:
    """Return the session for all endpoints.

    :param deadline: seconds until a request is given up, with all its reads.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE),
        timeout=aiohttp.ClientTimeout(total=deadline),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def make_post(http: aiohttp.ClientSession) -> Post:
    """Return the function that posts by a session, without redirects."""

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as response:
            await response.read()
            return response.status

    return post


async def relay_all(settings: RelaySettings) -> None:
    """Deliver every subscription of the topology until SIGTERM."""
    client = connect_subscriber(settings.pubsub_emulator_host)
    async with make_session(topology.ACK_DEADLINE) as http:
        relays, post, activity = [], make_post(http), DeliveryActivity()
        for each in topology.SUBSCRIPTIONS:
            name = f"projects/{topology.GCP_PROJECT}/subscriptions/{each.name}"
            messages = LeasedMessages(client, name, topology.ACK_DEADLINE)
            endpoint = settings.url(each.service) + each.path
            others, own = (activity, None) if each.is_deferred else (None, activity)
            scale = settings.back_off_scale
            relay = Relay(messages, post, endpoint, scale=scale, others=others, activity=own)
            relays.append(relay)
        running = asyncio.gather(*(relay.run() for relay in relays))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running


def main() -> None:
    """Deliver until SIGTERM."""
    log_to_stdout()
    gc.freeze()  # docs/adr/0012-loaded-objects-are-frozen.md
    uvloop.run(relay_all(RelaySettings()))


if __name__ == "__main__":
    main()
