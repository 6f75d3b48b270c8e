"""Open-loop traffic: actions at a fixed rate, independent of the time that each takes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

MOST = 200
"""Number of actions of one kind at a time. Further ones are left out, and counted as such."""
CATCH_UP = 1.0
"""Seconds of delay that are caught up. A longer one lowers the rate."""


@dataclass
class TrafficCounts:
    """Counted outcomes."""

    done: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    async def run(self, action: Awaitable[None]) -> None:
        """Run an action; count its error."""
        try:
            await action
        except (aiohttp.ClientError, TimeoutError, OSError, UnexpectedAnswer) as error:
            self.errors[f"{type(error).__name__}: {error}"[:300]] += 1


class UnexpectedAnswer(Exception):
    """Response that a client would report as an error."""


async def pace(
    rate: float, seconds: float, action: Callable[[], Awaitable[None]], counts: TrafficCounts
) -> None:
    """Start an action ``rate`` times a second; return when the last one has ended."""
    loop = asyncio.get_running_loop()
    next_start = started = loop.time()
    tasks = set[asyncio.Task[None]]()
    while (now := loop.time()) < started + seconds:
        if now < next_start:
            await asyncio.sleep(next_start - now)
            continue
        next_start = max(next_start, now - CATCH_UP) + 1 / rate
        if len(tasks) >= MOST:
            counts.done["left out"] += 1
            continue
        task = asyncio.create_task(counts.run(action()))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
