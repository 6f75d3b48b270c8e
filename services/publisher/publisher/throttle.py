"""A throttle for a job: one run at a time, not too close together, for all callers that wait."""

import asyncio
from collections.abc import Awaitable, Callable

LONGEST = 200.0
"""Seconds of the longest pause: a push waits for the running run, the pause and its own run, and
is to be answered within 600 s."""

_TIMES = 5
"""A pause is this many times as long as the run before it, so that a big catalog mostly rests."""


class Throttle:
    """Runs a job on demand, with at least max(``interval``, 5 × the last run) seconds between runs.

    The first run after a rest starts at once. Belongs to one event loop.

    :param clock: returns seconds; monotonic.
    """

    def __init__(
        self,
        job: Callable[[], Awaitable[object]],
        interval: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._job = job
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._earliest = clock()
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Return when a run that started after this call has ended, or raise its exception.

        Cancelling the caller does not cancel the run, because other callers wait for it.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._run_next())
        await asyncio.shield(self._next)

    async def _run_next(self) -> None:
        async with self._one_at_a_time:
            await self._sleep(max(0.0, self._earliest - self._clock()))
            self._next = None  # later callers wait for the run after this one
            started = self._clock()
            try:
                await self._job()
            finally:
                ended = self._clock()
                pause = min(max(self._interval, _TIMES * (ended - started)), LONGEST)
                self._earliest = ended + pause
