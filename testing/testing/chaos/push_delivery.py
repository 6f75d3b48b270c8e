"""Delivery of the messages of Pub/Sub to processes that can be dead or halted."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from http import HTTPStatus
from random import Random

import aiohttp

from local import topology
from local.stand_ins.leased_messages import LeasedMessages, connect_subscriber
from local.stand_ins.relay import Post, Relay, make_post, make_session
from testing.chaos.faulty_pubsub import PARENT, find_ack_deadline

SCALE = 0.005
"""Factor of the back-off in production: 0.05 s to 3 s."""
WINDOW = 16
"""Open pushes of a subscription; 80 in production. The ack deadline is shorter here, and on a slow
machine 80 pushes at once would all exceed it, again and again."""
_WINDOWS = {"catalog": 2000}
"""Open pushes by service; one run of the catalog answers all waiting pushes."""


class PushDelivery:
    """Relays of all subscriptions, in a thread; each message goes to a random process.

    :param endpoints: base URLs of the processes by service.
    """

    def __init__(
        self, address: str, endpoints: Mapping[str, Sequence[str]], random: Random
    ) -> None:
        self._address, self._endpoints, self._random = address, endpoints, random
        self.answers: Counter[str] = Counter()
        """Number of pushes by ``<service> <status>``; the status 0 means no answer."""
        self._loop = asyncio.new_event_loop()
        self._running: asyncio.Future[list[None]] | None = None

    @contextmanager
    def run(self) -> Iterator[None]:
        """Deliver until the end of the ``with`` statement."""
        thread = threading.Thread(target=self._run, name="push-delivery")
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._stop)
            thread.join()

    def count_failures(self) -> int:
        """Return the number of pushes that Pub/Sub repeats."""
        return sum(n for each, n in self.answers.items() if not each.endswith(" 204"))

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._deliver())

    async def _deliver(self) -> None:
        client = connect_subscriber(self._address)
        async with AsyncExitStack() as sessions:
            relays = []
            for each in topology.SUBSCRIPTIONS:
                deadline = find_ack_deadline(each.service)
                http = await sessions.enter_async_context(make_session(deadline))
                path = f"{PARENT}/subscriptions/{each.name}"
                messages = LeasedMessages(client, path, deadline)
                window = _WINDOWS.get(each.service, WINDOW)
                choose = self._choose_post(make_post(http), each.service)
                relays.append(Relay(messages, choose, each.path, scale=SCALE, window=window))
            self._running = running = asyncio.gather(*(relay.run() for relay in relays))
            with suppress(asyncio.CancelledError):
                await running

    def _choose_post(self, post: Post, service: str) -> Post:
        async def choose_and_post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
            url = self._random.choice(self._endpoints[service])
            try:
                status = await post(f"{url}{path}", body, headers)
            except (aiohttp.ClientError, TimeoutError):
                self.answers[f"{service} 0"] += 1
                raise
            self.answers[f"{service} {HTTPStatus(status).value}"] += 1
            return status

        return choose_and_post
