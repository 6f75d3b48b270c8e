"""Pacing: runs that cover whoever waits, one at a time and not too close together."""

import asyncio
from collections.abc import Awaitable, Callable

LONGEST = 200.0
"""Seconds of the longest pause: a push waits for the run under way, the pause and its own run,
and is to be answered within 600 s."""

_TIMES = 5
"""A pause is this many times as long as the run before it: a big catalog is not always at work."""


class Pace:
    """Runs when asked; at least max(``interval``, 5 × the last run) seconds from end to start.

    The first run after a rest starts at once. Belongs to one event loop.

    :param clock: seconds, monotonic.
    """

    def __init__(
        self,
        run: Callable[[], Awaitable[object]],
        interval: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._run = run
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._earliest = clock()
        self._one_at_a_time = asyncio.Lock()
        self._coming: asyncio.Task[None] | None = None

    async def covered(self) -> None:
        """Return when a run that started after this call has ended, or raise what it raised.

        Cancelling the caller does not cancel the run, which others wait for.
        """
        if self._coming is None:
            self._coming = asyncio.create_task(self._turn())
        await asyncio.shield(self._coming)

    async def _turn(self) -> None:
        async with self._one_at_a_time:
            await self._sleep(max(0.0, self._earliest - self._clock()))
            self._coming = None  # who comes from here on waits for the next
            started = self._clock()
            try:
                await self._run()
            finally:
                ended = self._clock()
                pause = min(max(self._interval, _TIMES * (ended - started)), LONGEST)
                self._earliest = ended + pause
