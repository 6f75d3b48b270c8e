"""When a value is read again (DESIGN: "The read side"), by a clock that stands still."""

import asyncio
import logging

import pytest

from access.refresh import FIRST_INTERVAL, CacheStatus, RefreshingValue, RefreshPolicy
from cloud.errors import CloudError, NotFound, Unavailable
from testing.proxy import Clock

TOKENS = RefreshPolicy(interval=30, wait_after=60, patience=0.02, first_patience=0.02)
PAGES = RefreshPolicy(interval=2, wait_after=2, patience=0.02, first_patience=0.5, stale=3600)


class Source:
    """What is read: how often, and what it answers."""

    def __init__(self) -> None:
        self.reads = 0
        self.answer: str | CloudError = "v1"
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, last: str | None) -> str:
        self.reads += 1
        await self.gate.wait()
        if isinstance(self.answer, CloudError):
            raise self.answer
        return self.answer


class Scene:
    def __init__(self, policy: RefreshPolicy) -> None:
        self.source, self.clock = Source(), Clock()
        self.value = RefreshingValue("value", self.source.load, policy, self.clock)

    async def get(self, *, after: float = 0) -> tuple[str, CacheStatus]:
        self.clock.now += after
        fresh = self.value.get_fresh()
        found = await self.value.get()
        assert fresh is None or found == (fresh, "hit")
        return found

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_the_first_request_reads_and_the_next_ones_do_not() -> None:
    scene = Scene(TOKENS)
    assert await scene.get() == ("v1", "read")
    assert await scene.get(after=29.9) == ("v1", "hit")
    assert scene.source.reads == 1


async def test_a_young_value_is_had_without_waiting_and_any_other_is_not() -> None:
    scene = Scene(TOKENS)
    assert scene.value.get_fresh() is None
    await scene.get()
    scene.clock.now += 29.9
    assert scene.value.get_fresh() == "v1"
    scene.clock.now += 0.1
    assert scene.value.get_fresh() is None
    assert scene.source.reads == 1


async def test_beyond_the_interval_one_request_triggers_a_reading_and_nobody_waits() -> None:
    scene = Scene(TOKENS)
    await scene.get()
    scene.source.answer = "v2"
    assert await scene.get(after=30) == ("v1", "hit")
    assert await scene.get() == ("v1", "hit")
    await scene.settle()
    assert await scene.get() == ("v2", "hit")
    assert scene.source.reads == 2


async def test_beyond_twice_the_interval_requests_wait_for_the_reading() -> None:
    scene = Scene(TOKENS)
    await scene.get()
    scene.source.answer = "v2"
    scene.clock.now += 60
    both = await asyncio.gather(scene.value.get(), scene.value.get())
    assert set(both) == {("v2", "read")}
    assert scene.source.reads == 2


async def test_a_reading_that_hangs_is_waited_for_no_longer_than_patience() -> None:
    scene = Scene(TOKENS)
    await scene.get()
    scene.source.gate.clear()
    assert await asyncio.wait_for(scene.get(after=60), 1) == ("v1", "stale")
    assert await scene.get(after=300) == ("v1", "stale")
    assert scene.source.reads == 2
    scene.source.gate.set()
    await scene.settle()


async def test_a_broken_new_version_is_logged_once_and_the_last_good_one_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(TOKENS)
    await scene.get()
    scene.source.answer = Unavailable("secret", "broken")
    for _ in range(10):
        assert (await scene.get(after=7))[0] == "v1"
    assert scene.source.reads == 3  # at 35 and 70 seconds
    scene.source.answer = "v3"
    assert await scene.get(after=30) == ("v3", "read")
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == ["value: secret: broken; the last good value serves"] * 2


async def test_without_a_good_value_it_raises_and_tries_again_soon() -> None:
    scene = Scene(TOKENS)
    scene.source.answer = Unavailable("secret", "down")
    for _ in range(8):
        with pytest.raises(Unavailable, match="down"):
            await scene.get(after=FIRST_INTERVAL / 4)
    assert scene.source.reads == 2
    scene.source.answer = "v1"
    assert await scene.get(after=FIRST_INTERVAL) == ("v1", "read")


async def test_a_first_reading_that_hangs_is_unavailable() -> None:
    scene = Scene(TOKENS)
    scene.source.gate.clear()
    with pytest.raises(Unavailable, match="no answer yet"):
        await scene.get()
    scene.source.gate.set()
    await scene.settle()
    assert await scene.get() == ("v1", "hit")


async def test_a_page_is_stale_only_so_long() -> None:
    scene = Scene(PAGES)
    await scene.get()
    scene.source.answer = Unavailable("bucket", "down")
    assert await scene.get(after=2) == ("v1", "stale")
    assert await scene.get(after=3598) == ("v1", "stale")
    with pytest.raises(Unavailable):
        await scene.get(after=1)


async def test_what_is_gone_is_not_served_stale_and_doubt_about_it_is_not_its_absence() -> None:
    scene = Scene(PAGES)
    await scene.get()
    scene.source.answer = NotFound("page")
    for wait in (2, 1):
        with pytest.raises(NotFound):
            await scene.get(after=wait)
    assert scene.source.reads == 2
    scene.source.answer = Unavailable("bucket")
    with pytest.raises(Unavailable):
        await scene.get(after=1)


async def test_a_hanging_reading_does_not_confirm_an_absence() -> None:
    scene = Scene(TOKENS)
    scene.source.answer = NotFound("page")
    with pytest.raises(NotFound):
        await scene.get()
    scene.source.gate.clear()
    with pytest.raises(Unavailable):
        await scene.get(after=30)
    scene.source.gate.set()
    await scene.settle()


async def test_a_request_that_gives_up_does_not_end_the_reading() -> None:
    scene = Scene(PAGES)
    scene.source.gate.clear()
    request = asyncio.create_task(scene.get())
    await scene.settle()
    request.cancel()
    scene.source.gate.set()
    await scene.settle()
    assert await scene.get() == ("v1", "hit")
    assert scene.source.reads == 1
