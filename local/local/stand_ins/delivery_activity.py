"""Activity of the deliveries on the way of a file to the pages for installers.

All services share the cores of one machine. So deliveries that no installer needs wait for the
others. In production each service has its own machine, and no delivery waits for another one.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAUSE = 1.0
"""Seconds without an open delivery after which the deferred deliveries begin."""

LONGEST = 30.0
"""Seconds of activity after which they begin anyway, until the next pause."""

_STEP = 0.05
"""Seconds between two looks."""


class DeliveryActivity:
    """Open deliveries that others wait for.

    :param clock: returns seconds; monotonic.
    """

    def __init__(
        self,
        *,
        pause: float = PAUSE,
        longest: float = LONGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause, self._longest, self._clock = pause, longest, clock
        self._open = 0
        self._began = self._ended = -math.inf

    @property
    def is_paused(self) -> bool:
        """True if no delivery was open in the last seconds."""
        return not self._open and self._clock() - self._ended >= self._pause

    @contextmanager
    def track(self) -> Iterator[None]:
        """Count a delivery as open."""
        if self.is_paused:
            self._began = self._clock()
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            self._ended = self._clock()

    async def wait_for_pause(self) -> None:
        """Return at the next pause, or when the activity has lasted too long."""
        while not self.is_paused and self._clock() - self._began < self._longest:
            await asyncio.sleep(_STEP)
