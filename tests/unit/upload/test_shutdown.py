import asyncio

import pytest

from upload.shutdown import ShutdownLimit

HOURS = 10_000.0


async def wait_forever(limit: ShutdownLimit, seconds: float) -> None:
    async with limit.wait_at_most(seconds):
        await asyncio.Event().wait()


async def test_the_start_of_a_shutdown_ends_a_current_wait() -> None:
    limit = ShutdownLimit(answer=0)
    waiting = asyncio.create_task(wait_forever(limit, HOURS))
    await asyncio.sleep(0)
    limit.start()
    with pytest.raises(TimeoutError):
        await waiting


async def test_a_wait_that_begins_after_the_limit_ends_at_once() -> None:
    limit = ShutdownLimit(answer=0)
    limit.start()
    with pytest.raises(TimeoutError):
        await wait_forever(limit, HOURS)


async def test_a_shutdown_does_not_make_a_wait_longer() -> None:
    limit = ShutdownLimit(answer=HOURS)
    waiting = asyncio.create_task(wait_forever(limit, 0))
    limit.start()
    with pytest.raises(TimeoutError):
        await waiting


async def test_a_shutdown_starts_while_a_wait_that_has_expired_unwinds() -> None:
    limit, unwinds, go_on = ShutdownLimit(answer=0), asyncio.Event(), asyncio.Event()

    async def unwind_slowly() -> None:
        async with limit.wait_at_most(0):
            try:
                await asyncio.Event().wait()
            finally:
                unwinds.set()
                await go_on.wait()

    waiting = asyncio.create_task(unwind_slowly())
    await unwinds.wait()
    limit.start()
    go_on.set()
    with pytest.raises(TimeoutError):
        await waiting


async def test_without_a_shutdown_a_wait_ends_with_its_body() -> None:
    async with ShutdownLimit(answer=0).wait_at_most(HOURS):
        await asyncio.sleep(0)
