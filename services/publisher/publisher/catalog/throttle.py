"""Throttle of a job: all waiting callers share one run, and there is a pause between runs."""

import asyncio
from collections.abc import Awaitable, Callable

LONGEST_PAUSE = 200.0
"""Longest pause in seconds.

A push waits for the current run, the pause and its own run, and must be answered within 600 s.
"""

_PAUSE_RATIO = 5
"""Ratio of a pause to the preceding run, so that the job is idle most of the time."""


class Throttle:
    """Throttled job, with a pause after each run.

    The pause is the longer of ``interval`` and 5 × the last run, but at most ``LONGEST_PAUSE``. A
    run starts at once if the pause is over. Use an instance in one event loop only.

    :param clock: monotonic clock in seconds.
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
        self._run_lock = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Wait for a run that starts after this call, and raise its exception.

        Cancelling the caller does not cancel the run, because other callers wait for it.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._run_next())
        await asyncio.shield(self._next)

    async def _run_next(self) -> None:
        async with self._run_lock:
            await self._sleep(max(0.0, self._earliest - self._clock()))
            self._next = None  # later callers wait for the run after this one
            started = self._clock()
            try:
                await self._job()
            finally:
                ended = self._clock()
                pause = min(max(self._interval, _PAUSE_RATIO * (ended - started)), LONGEST_PAUSE)
                self._earliest = ended + pause
