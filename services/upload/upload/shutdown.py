"""Shutdown of the process: waiting requests answer before they are interrupted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.settings import GRACE

ANSWER = GRACE - 2.0
"""Seconds from SIGTERM to the end of all waits. Then the answers are sent, before the interruption
after :data:`chassis.settings.GRACE`."""


class ShutdownLimit:
    """Limit of the waits of requests during a shutdown. Use it in one event loop only.

    :param answer: seconds from the start of the shutdown to the end of all waits.
    """

    def __init__(self, answer: float = ANSWER) -> None:
        self._answer = answer
        self._end: float | None = None
        self._waits: set[asyncio.Timeout] = set()

    def start(self) -> None:
        """Limit all waits, also later ones, to the time of the answers."""
        self._end = asyncio.get_running_loop().time() + self._answer
        for wait in self._waits:
            when = wait.when()
            # A wait that has just expired cannot be rescheduled: its body has not ended yet.
            if when is not None and not wait.expired():
                wait.reschedule(min(when, self._end))

    @asynccontextmanager
    async def wait_at_most(self, seconds: float) -> AsyncIterator[None]:
        """Interrupt the body after ``seconds``, or at the limit of the shutdown.

        :raises TimeoutError: if the body was interrupted.
        """
        end = asyncio.get_running_loop().time() + seconds
        limit = end if self._end is None else min(end, self._end)
        async with asyncio.timeout_at(limit) as wait:
            self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)
