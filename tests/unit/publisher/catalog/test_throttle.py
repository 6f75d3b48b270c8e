import asyncio

import pytest

from publisher.catalog.throttle import LONGEST_PAUSE, Throttle


class TimedRuns:
    """Runs of a given duration, with a clock that advances only by ``sleep``."""

    def __init__(self, lasting: float = 0, interval: float = 10) -> None:
        self.now, self.lasting = 100.0, lasting
        self.runs: list[float] = []
        self.error: Exception | None = None
        self.throttle = Throttle(self.run, interval, clock=lambda: self.now, sleep=self.sleep)

    async def run(self) -> None:
        self.runs.append(self.now)
        await self.sleep(self.lasting)
        if self.error:
            raise self.error

    async def sleep(self, seconds: float) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        self.now += seconds


async def test_the_first_run_starts_at_once() -> None:
    timed = TimedRuns()
    await timed.throttle.run()
    assert timed.runs == [100]


async def test_after_a_rest_a_run_starts_at_once_again() -> None:
    timed = TimedRuns()
    await timed.throttle.run()
    timed.now += 60
    await timed.throttle.run()
    assert timed.runs == [100, 160]


@pytest.mark.parametrize(("lasting", "pause"), [(0, 10), (1, 10), (4, 20), (3600, LONGEST_PAUSE)])
async def test_runs_keep_the_interval_or_five_times_the_last_run(
    lasting: float, pause: float
) -> None:
    timed = TimedRuns(lasting)
    await timed.throttle.run()
    await timed.throttle.run()
    assert timed.runs == [100, 100 + lasting + pause]


async def test_one_run_covers_all_earlier_callers() -> None:
    timed = TimedRuns()
    await timed.throttle.run()
    await asyncio.gather(*[timed.throttle.run() for _ in range(20)])
    assert timed.runs == [100, 110]


async def test_a_caller_during_a_run_waits_for_the_next_run() -> None:
    timed = TimedRuns(lasting=1)
    first = asyncio.create_task(timed.throttle.run())
    while not timed.runs:
        await asyncio.sleep(0)
    late = asyncio.create_task(timed.throttle.run())
    await first
    assert not late.done()
    await late
    assert timed.runs == [100, 111]


async def test_a_failed_run_fails_its_callers_and_the_next_run_starts_normally() -> None:
    timed = TimedRuns()
    timed.error = RuntimeError("no")
    answers = await asyncio.gather(
        timed.throttle.run(), timed.throttle.run(), return_exceptions=True
    )
    assert [str(answer) for answer in answers] == ["no", "no"]
    timed.error = None
    await timed.throttle.run()
    assert timed.runs == [100, 110]


async def test_a_caller_that_is_cancelled_does_not_cancel_the_run() -> None:
    timed = TimedRuns(lasting=1)
    patient = asyncio.create_task(timed.throttle.run())
    impatient = asyncio.create_task(timed.throttle.run())
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert timed.runs == [100]
