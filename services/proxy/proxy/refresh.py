"""A value that lives elsewhere, read again when a request comes and it is old.

Nothing runs between requests, as Cloud Run gives no CPU then. One attempt is under way at a time,
and no more than one an interval is made, whatever the load and whatever went wrong. While an
attempt fails or hangs, the last good value serves.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from cloud.errors import CloudError, NotFound, Unavailable
from cloud.logs import facts

logger = logging.getLogger(__name__)

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds, from anywhere, never backwards."""

SOON = 2.0
"""Seconds between two attempts while there is no value: nothing can be served meanwhile."""

Freshness = Literal["hit", "read", "stale"]
"""Taken from memory; read or confirmed just now; older than it should be, for want of an answer."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How old a value may grow; all in seconds."""

    interval: float
    """Between two attempts."""
    wait_after: float
    """The age from which a request waits for the attempt that is under way."""
    patience: float
    """How long a request waits where an older value could serve,"""
    first_patience: float
    """and where there is none."""
    stale: float = math.inf
    """The age beyond which a value serves no more."""


class Refreshing(Generic[T]):
    """A value, and what is needed to read it again.

    :param subject: what it is, for the log.
    :param load: reads it, given the last good value (which it may return if that still holds).
        Where it raises ``NotFound``, there is no value any more; after any other ``CloudError`` the
        last good value stays.
    """

    def __init__(
        self,
        subject: str,
        load: Callable[[T | None], Awaitable[T]],
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._subject, self._load, self._policy, self._clock = subject, load, policy, clock
        self._value: T | None = None
        self._error: CloudError
        self._tried = self._confirmed = -math.inf
        self._attempt: asyncio.Task[None] | None = None

    def fresh(self) -> T | None:
        """Return the value if it is so young that nothing has to be done, as it mostly is."""
        now, policy = self._clock(), self._policy
        if now - self._tried >= policy.interval or now - self._confirmed >= policy.wait_after:
            return None
        return self._value

    async def get(self) -> tuple[T, Freshness]:
        """Return the value.

        :raises CloudError: if there is none: what the last attempt raised.
        """
        now, confirmed = self._clock(), self._confirmed
        if self._attempt is None and now - self._tried >= self._interval():
            self._tried = now
            self._error = Unavailable(self._subject, "no answer yet")
            self._attempt = asyncio.create_task(self._read(now))
        if self._attempt is not None and now - confirmed >= self._policy.wait_after:
            await asyncio.wait((self._attempt,), timeout=self._patience())
        if self._value is None or now - self._confirmed > self._policy.stale:
            raise self._error.with_traceback(None)
        if self._confirmed != confirmed:
            return self._value, "read"
        return self._value, "hit" if now - confirmed < self._policy.wait_after else "stale"

    def _interval(self) -> float:
        interval = self._policy.interval
        return interval if self._value is not None else min(interval, SOON)

    def _patience(self) -> float:
        return self._policy.first_patience if self._value is None else self._policy.patience

    async def _read(self, now: float) -> None:
        try:
            self._value = await self._load(self._value)
            self._confirmed = now
        except NotFound as error:
            self._value, self._confirmed, self._error = None, -math.inf, error
        except CloudError as error:
            self._error = error
            logger.warning(
                "%s: %s; the last good value serves" if self._value else "%s: %s",
                self._subject,
                error,
                extra=facts(subject=self._subject, age=self._age(now)),
            )
        finally:
            self._attempt = None

    def _age(self, now: float) -> float | None:
        return None if self._value is None else round(now - self._confirmed, 1)
