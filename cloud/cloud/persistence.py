"""Attempts with back-off, until one succeeds or the time is up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from random import uniform
from typing import TypeVar

import aiohttp

from cloud.errors import Unavailable

T = TypeVar("T")

_FIRST, _LONGEST = 0.1, 3.2
"""Seconds between two attempts, before jitter."""


class Transient(Exception):
    """What the next attempt may not meet."""


async def persist(subject: str, seconds: float, attempt: Callable[[], Awaitable[T]]) -> T:
    """Attempt again after a broken connection or :class:`Transient`, with back-off and jitter.

    :param subject: what it is about, for the error.
    :raises Unavailable: if nothing came of it within so many seconds.
    """
    problem = f"no answer within {seconds:g} s"
    try:
        async with asyncio.timeout(seconds) as limit:
            for delay in _delays():
                try:
                    return await attempt()
                except (Transient, aiohttp.ClientError, OSError) as error:
                    problem = str(error) or type(error).__name__
                if _is_up(limit, delay):
                    break
                await asyncio.sleep(delay)
    except TimeoutError:
        pass
    raise Unavailable(subject, problem)


def _delays() -> Iterator[float]:
    for number in count():
        delay = min(_FIRST * 2**number, _LONGEST)
        yield uniform(delay / 2, delay)  # noqa: S311 - jitter, no secret


def _is_up(limit: asyncio.Timeout, delay: float) -> bool:
    until = limit.when()
    return until is not None and asyncio.get_running_loop().time() + delay >= until
