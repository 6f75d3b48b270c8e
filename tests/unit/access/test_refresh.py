"""Times of the readings of ``access.refresh``, with a clock that the test moves."""

import asyncio
import logging
from collections.abc import Sequence

import pytest

from access.refresh import FIRST_INTERVAL, CacheStatus, RefreshingValue, RefreshPolicy
from cloud.errors import CloudError, NotFound, Unavailable
from testing.memory_proxy import Clock

TOKENS = RefreshPolicy(interval=30, wait_after=60, max_wait=0.02, first_max_wait=0.02)
PAGES = RefreshPolicy(interval=2, wait_after=2, max_wait=0.02, first_max_wait=0.5, max_age=3600)


class StubLoader:
    """Loader with a given result. It counts the readings."""

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


class RefreshSetup:
    def __init__(self, policy: RefreshPolicy) -> None:
        self.loader, self.clock = StubLoader(), Clock()
        self.value = RefreshingValue("value", self.loader.load, policy, self.clock)

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
    setup = RefreshSetup(TOKENS)
    assert await setup.get() == ("v1", "read")
    assert await setup.get(after=29.9) == ("v1", "hit")
    assert setup.loader.reads == 1


async def test_only_a_young_value_is_returned_without_waiting() -> None:
    setup = RefreshSetup(TOKENS)
    assert setup.value.get_fresh() is None
    await setup.get()
    setup.clock.now += 29.9
    assert setup.value.get_fresh() == "v1"
    setup.clock.now += 0.1
    assert setup.value.get_fresh() is None
    assert setup.loader.reads == 1


async def test_after_the_interval_one_request_starts_a_reading_without_waiting() -> None:
    setup = RefreshSetup(TOKENS)
    await setup.get()
    setup.loader.answer = "v2"
    assert await setup.get(after=30) == ("v1", "hit")
    assert await setup.get() == ("v1", "hit")
    await setup.settle()
    assert await setup.get() == ("v2", "hit")
    assert setup.loader.reads == 2


async def test_after_twice_the_interval_requests_wait_for_the_reading() -> None:
    setup = RefreshSetup(TOKENS)
    await setup.get()
    setup.loader.answer = "v2"
    setup.clock.now += 60
    both = await asyncio.gather(setup.value.get(), setup.value.get())
    assert set(both) == {("v2", "read")}
    assert setup.loader.reads == 2


async def test_requests_wait_for_a_slow_reading_no_longer_than_max_wait() -> None:
    setup = RefreshSetup(TOKENS)
    await setup.get()
    setup.loader.gate.clear()
    assert await asyncio.wait_for(setup.get(after=60), 60) == ("v1", "stale")
    assert await setup.get(after=300) == ("v1", "stale")
    assert setup.loader.reads == 2
    setup.loader.gate.set()
    await setup.settle()


async def test_a_broken_new_version_is_logged_once_and_the_last_good_one_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    setup = RefreshSetup(TOKENS)
    await setup.get()
    setup.loader.answer = Unavailable("secret", "broken")
    for _ in range(10):
        assert (await setup.get(after=7))[0] == "v1"
    assert setup.loader.reads == 3  # at 35 and 70 seconds
    setup.loader.answer = "v3"
    assert await setup.get(after=30) == ("v3", "read")
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == ["value: secret: broken; the last good value stays in use"] * 2


async def test_without_a_good_value_it_raises_and_tries_again_soon() -> None:
    setup = RefreshSetup(TOKENS)
    setup.loader.answer = Unavailable("secret", "down")
    for _ in range(8):
        with pytest.raises(Unavailable, match="down"):
            await setup.get(after=FIRST_INTERVAL / 4)
    assert setup.loader.reads == 2
    setup.loader.answer = "v1"
    assert await setup.get(after=FIRST_INTERVAL) == ("v1", "read")


async def test_a_first_reading_that_hangs_is_unavailable() -> None:
    setup = RefreshSetup(TOKENS)
    setup.loader.gate.clear()
    with pytest.raises(Unavailable, match="no response yet"):
        await setup.get()
    setup.loader.gate.set()
    await setup.settle()
    assert await setup.get() == ("v1", "hit")


async def test_a_page_is_served_stale_for_a_limited_time() -> None:
    setup = RefreshSetup(PAGES)
    await setup.get()
    setup.loader.answer = Unavailable("bucket", "down")
    assert await setup.get(after=2) == ("v1", "stale")
    assert await setup.get(after=3598) == ("v1", "stale")
    with pytest.raises(Unavailable):
        await setup.get(after=1)


async def test_an_absent_value_is_not_served_stale_and_a_later_fault_is_not_an_absence() -> None:
    setup = RefreshSetup(PAGES)
    await setup.get()
    setup.loader.answer = NotFound("page")
    for wait in (2, 1):
        with pytest.raises(NotFound):
            await setup.get(after=wait)
    assert setup.loader.reads == 2
    setup.loader.answer = Unavailable("bucket")
    with pytest.raises(Unavailable):
        await setup.get(after=1)


async def test_a_hanging_reading_does_not_confirm_an_absence() -> None:
    setup = RefreshSetup(TOKENS)
    setup.loader.answer = NotFound("page")
    with pytest.raises(NotFound):
        await setup.get()
    setup.loader.gate.clear()
    with pytest.raises(Unavailable):
        await setup.get(after=30)
    setup.loader.gate.set()
    await setup.settle()


async def test_a_request_that_gives_up_does_not_end_the_reading() -> None:
    setup = RefreshSetup(PAGES)
    setup.loader.gate.clear()
    request = asyncio.create_task(setup.get())
    await setup.settle()
    request.cancel()
    setup.loader.gate.set()
    await setup.settle()
    assert await setup.get() == ("v1", "hit")
    assert setup.loader.reads == 1


async def test_a_newer_value_is_read_before_the_interval() -> None:
    setup = RefreshSetup(PAGES)
    await setup.get()
    setup.loader.answer = "v2"
    setup.clock.now += 0.1
    assert await setup.value.get_newer(0.1) == ("v2", "read")
    assert await setup.value.get_newer(0.1) == ("v2", "hit")
    assert setup.loader.reads == 2


async def test_a_newer_value_that_cannot_be_read_is_the_stale_one_until_the_interval() -> None:
    setup = RefreshSetup(PAGES)
    await setup.get()
    setup.loader.answer = Unavailable("value")
    found = []
    for _ in range(21):
        setup.clock.now += 0.1
        found.append(await setup.value.get_newer(0.1))
    assert found == [("v1", "stale"), *[("v1", "hit")] * 19, ("v1", "stale")]
    assert setup.loader.reads == 3


async def test_a_request_for_a_newer_value_waits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, waits, wait = RefreshSetup(PAGES), [], asyncio.wait

    async def count_and_wait(tasks: Sequence[asyncio.Task[None]], *, timeout: float) -> None:
        waits.append(timeout)
        await wait(tasks, timeout=timeout)

    monkeypatch.setattr(asyncio, "wait", count_and_wait)
    setup.loader.gate.clear()
    with pytest.raises(Unavailable):
        await setup.value.get_newer(0.1)
    assert waits == [PAGES.first_max_wait]
    setup.loader.gate.set()
    await setup.settle()
