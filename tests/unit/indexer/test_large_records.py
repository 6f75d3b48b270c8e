"""Queue of commits by the size of their record (`indexer.large_records`)."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from cloud.errors import Unavailable
from indexer.large_records import LARGE, SMALL, RecordQueue


class Commits:
    """Commits that hold their place until they are told to end."""

    def __init__(self, queue: RecordQueue) -> None:
        self.queue = queue
        self.running: list[str] = []
        self.held: list[AsyncExitStack] = []

    async def begin(self, name: str, size: int) -> AsyncExitStack:
        stack = AsyncExitStack()
        await stack.enter_async_context(self.queue.admit(size))
        self.running.append(name)
        self.held.append(stack)
        return stack


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("size", [LARGE + 1, 40 * LARGE])
async def test_large_records_are_committed_one_at_a_time(size: int) -> None:
    commits = Commits(RecordQueue())
    first = await commits.begin("first", size)
    second = asyncio.create_task(commits.begin("second", size))
    await settle()
    assert commits.running == ["first"]
    await first.aclose()
    await (await second).aclose()
    assert commits.running == ["first", "second"]


async def test_medium_records_are_committed_together() -> None:
    commits = Commits(RecordQueue())
    for number in range(40):
        await commits.begin(str(number), LARGE // 40)
    assert len(commits.running) == 40


@pytest.mark.parametrize("size", [0, SMALL])
async def test_a_small_record_never_waits(size: int) -> None:
    commits = Commits(RecordQueue())
    await commits.begin("large", LARGE)
    waiting = asyncio.create_task(commits.begin("waiting", LARGE))
    await settle()
    await commits.begin("small", size)
    assert commits.running == ["large", "small"]
    waiting.cancel()


async def test_medium_records_do_not_overtake_a_large_one() -> None:
    commits = Commits(RecordQueue())
    first = await commits.begin("first", LARGE // 2)
    large = asyncio.create_task(commits.begin("large", LARGE))
    await settle()
    medium = asyncio.create_task(commits.begin("medium", SMALL + 1))
    await settle()
    await first.aclose()
    await (await large).aclose()
    await medium
    assert commits.running == ["first", "large", "medium"]


async def test_a_commit_that_waits_too_long_is_delivered_again() -> None:
    queue = RecordQueue(max_wait=0)
    async with queue.admit(LARGE):
        with pytest.raises(Unavailable):
            async with queue.admit(SMALL + 1):
                pass
    async with RecordQueue().admit(LARGE):
        pass


async def test_a_cancelled_commit_leaves_its_place() -> None:
    commits = Commits(RecordQueue())
    first = await commits.begin("first", LARGE)
    cancelled = asyncio.create_task(commits.begin("cancelled", LARGE))
    await settle()
    cancelled.cancel()
    await asyncio.wait([cancelled])
    await first.aclose()
    await commits.begin("next", LARGE)
    assert commits.running == ["first", "next"]
