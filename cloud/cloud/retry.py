"""Retry with back-off, jitter and a deadline, for threads and for event loops (ADR 14).

The policies are in the modules that use them: ``cloud.download`` (reads), ``indexer.commit``
(records) and ``publisher.main`` (pages, 412 and 429).
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cloud.errors import Unavailable

T = TypeVar("T")

_MOST_DOUBLINGS = 32
"""Bound of the power of two. Every ``longest`` pause is reached with fewer doublings."""


class RetryableError(Exception):
    """Failure after which a new attempt can succeed. It is retried if it is in ``backoffs``."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts, in seconds. They double, and each has a random factor."""

    first: float
    longest: float
    """The longest pause, before the random factor."""
    jitter: tuple[float, float] = (0.5, 1.5)
    """The range of the random factor."""

    def compute_pause(self, failures: int, chance: float) -> float:
        """Return the pause before the next attempt.

        :param failures: the failures before the latest one.
        :param chance: a random number from 0 to 1.
        """
        low, high = self.jitter
        pause = min(self.first * 2.0 ** min(failures, _MOST_DOUBLINGS), self.longest)
        return pause * (low + (high - low) * chance)


Backoffs = Mapping[type[Exception], Backoff]
"""The retryable errors, each with its pauses. Every other error is raised at once."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Retry of an attempt in a thread. Each attempt starts from the beginning."""

    backoffs: Backoffs
    deadline: float
    """Seconds after which no attempt begins."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """Returns a random number from 0 to 1."""
    clock: Callable[[], float] = time.monotonic
    """Returns seconds; monotonic."""

    def __call__(self, attempt: Callable[[], T]) -> T:
        """Call ``attempt`` until it succeeds, and return its result.

        After a retryable error the attempt is repeated. The last error is raised when the next
        attempt would begin after the deadline.
        """
        end = self.clock() + self.deadline
        failures = 0
        while True:
            try:
                return attempt()
            except tuple(self.backoffs) as error:
                pause = _find_backoff(self.backoffs, error).compute_pause(failures, self.chance())
                if self.clock() + pause > end:
                    raise
            self.sleep(pause)
            failures += 1


@dataclass(frozen=True, slots=True)
class AsyncRetry:
    """Retry of an attempt in an event loop. Each attempt starts from the beginning."""

    backoffs: Backoffs
    deadline: float
    """Seconds after which no attempt begins, and the running one is cancelled."""
    chance: Callable[[], float] = random.random
    """Returns a random number from 0 to 1."""

    async def __call__(self, subject: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Call ``attempt`` until it succeeds, and return its result.

        :param subject: the subject of the error.
        :raises Unavailable: if no attempt succeeded before the deadline.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self.deadline
        problem, failures = f"no response within {self.deadline:g} s", 0
        cause: Exception | None = None
        try:
            async with asyncio.timeout_at(end):
                while True:
                    try:
                        return await attempt()
                    except tuple(self.backoffs) as error:
                        problem, cause = str(error) or type(error).__name__, error
                        pause = _find_backoff(self.backoffs, error).compute_pause(
                            failures, self.chance()
                        )
                    if clock() + pause >= end:
                        break
                    await asyncio.sleep(pause)
                    failures += 1
        except TimeoutError:
            pass
        raise Unavailable(subject, problem) from cause


def _find_backoff(backoffs: Backoffs, error: Exception) -> Backoff:
    return next(backoff for kind, backoff in backoffs.items() if isinstance(error, kind))
