"""Cached values that a request refreshes when they are old.

No task runs between requests, because Cloud Run gives no CPU at that time. An attempt is one call
of the loader. There is at most one attempt at a time, and at most one per interval, under any load
and after any failure. Requests for a newer value have a shorter interval, while attempts succeed.
While an attempt fails or hangs, requests use the last good value.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from cloud.errors import CloudError, NotFound, Unavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

Clock = Callable[[], float]
"""Monotonic clock: seconds since an arbitrary time."""

FIRST_INTERVAL = 2.0
"""Seconds between two attempts while there is no value."""

CacheStatus = Literal["hit", "read", "stale"]
"""Source of a value.

``hit`` is memory, ``read`` is an attempt for this request, and ``stale`` is memory after a failed
or slow attempt. Compare ``hit``, ``fwd`` and ``stale`` of RFC 9211.
"""


@dataclass(frozen=True, slots=True)
class RefreshPolicy:
    """Permitted age of a value and waiting times, all in seconds."""

    interval: float
    """Shortest time between two attempts."""
    wait_after: float
    """Age from which a request waits for the current attempt."""
    max_wait: float
    """Longest wait of a request if there is an older value."""
    first_max_wait: float
    """Longest wait of a request if there is no value."""
    max_age: float = math.inf
    """Age above which a request does not use the value."""


class RefreshingValue(Generic[T]):
    """Cached value with its loader.

    :param subject: the name of the value in the log.
    :param load: function that returns the current value. Its argument is the last good value, or
        None. It returns its argument if the value is unchanged. ``NotFound`` removes the value; any
        other ``CloudError`` keeps it.
    """

    def __init__(
        self,
        subject: str,
        load: Callable[[T | None], Awaitable[T]],
        policy: RefreshPolicy,
        clock: Clock,
    ) -> None:
        self._subject, self._load, self._policy, self._clock = subject, load, policy, clock
        self._value: T | None = None
        self._error: CloudError
        self._tried = self._confirmed = -math.inf
        self._attempt: asyncio.Task[None] | None = None
        self._has_failed = False
        """Whether the last attempt failed."""

    def get_fresh(self) -> T | None:
        """Return the value if no attempt is due, which is the usual case; otherwise None."""
        now, policy = self._clock(), self._policy
        if now - self._tried >= policy.interval or now - self._confirmed >= policy.wait_after:
            return None
        return self._value

    async def get(self) -> tuple[T, CacheStatus]:
        """Return the value, after an attempt if it is old.

        :raises CloudError: the error of the last attempt, if there is no value.
        """
        now, confirmed = self._clock(), self._confirmed
        is_old = now - confirmed >= self._policy.wait_after
        self._start_attempt(now, self._choose_interval())
        if self._attempt is not None and is_old:
            await asyncio.wait((self._attempt,), timeout=self._choose_max_wait())
        return self._finish(now, confirmed, "stale" if is_old else "hit")

    async def get_newer(self, interval: float) -> tuple[T, CacheStatus]:
        """Return the value, after an attempt for a reason that its age does not show.

        :param interval: shortest time between two such attempts, in seconds. After a failed attempt
            the interval of the policy counts.
        :raises CloudError: the error of the last attempt, if there is no value.
        """
        now, confirmed = self._clock(), self._confirmed
        usual = self._choose_interval()
        self._start_attempt(now, usual if self._has_failed else min(interval, usual))
        if self._attempt is None:
            return self._finish(now, confirmed, "hit")
        await asyncio.wait((self._attempt,), timeout=self._choose_max_wait())
        return self._finish(now, confirmed, "stale")

    def _finish(
        self, now: float, confirmed: float, otherwise: CacheStatus
    ) -> tuple[T, CacheStatus]:
        """Return the value with its source, or raise the error of the last attempt.

        :param confirmed: time of the last successful attempt before this request.
        :param otherwise: the source if no attempt has succeeded since.
        """
        if self._value is None or now - self._confirmed > self._policy.max_age:
            raise self._error.with_traceback(None)
        return self._value, "read" if self._confirmed != confirmed else otherwise

    def _start_attempt(self, now: float, interval: float) -> None:
        """Start an attempt, if none runs and the last one is not younger than ``interval``."""
        if self._attempt is None and now - self._tried >= interval:
            self._tried = now
            self._error = Unavailable(self._subject, "no response yet")
            self._attempt = asyncio.create_task(self._read(now))

    def _choose_interval(self) -> float:
        interval = self._policy.interval
        return interval if self._value is not None else min(interval, FIRST_INTERVAL)

    def _choose_max_wait(self) -> float:
        return self._policy.first_max_wait if self._value is None else self._policy.max_wait

    async def _read(self, now: float) -> None:
        try:
            self._value = await self._load(self._value)
            self._confirmed, self._has_failed = now, False
        except NotFound as error:
            self._value, self._confirmed, self._error = None, -math.inf, error
            self._has_failed = False
        except CloudError as error:
            self._error, self._has_failed = error, True
            logger.warning(
                "%s: %s; the last good value stays in use" if self._value else "%s: %s",
                self._subject,
                error,
                # ``chassis.logs`` writes these facts as fields of the line.
                extra={"facts": {"subject": self._subject, "age": self._compute_age(now)}},
            )
        finally:
            self._attempt = None

    def _compute_age(self, now: float) -> float | None:
        return None if self._value is None else round(now - self._confirmed, 1)
