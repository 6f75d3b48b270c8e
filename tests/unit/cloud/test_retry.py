import asyncio

import pytest

from cloud.errors import NotFound, Unavailable
from cloud.retry import AsyncRetry, Backoff, Retry, RetryableError

SOON = Backoff(first=0.001, longest=0.001)


class FailingAttempt:
    """Attempt that raises the given errors in order, and then returns the number of attempts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.times

    async def call_in_loop(self) -> int:
        return self()


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first=0.1, longest=0.5)
    assert [backoff.compute_pause(failures, 0.5) for failures in range(5)] == [
        0.1,
        0.2,
        0.4,
        0.5,
        0.5,
    ]
    assert backoff.compute_pause(100_000, 0.5) == 0.5


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.5), (0.5, 1.0), (1.0, 1.5)])
def test_jitter_is_half_the_pause_on_each_side(chance: float, pause: float) -> None:
    assert Backoff(first=1, longest=1).compute_pause(0, chance) == pause


def test_jitter_can_be_limited_to_shorter_pauses() -> None:
    backoff = Backoff(first=1, longest=1, jitter=(0.5, 1.0))
    assert [backoff.compute_pause(0, chance) for chance in (0.0, 1.0)] == [0.5, 1.0]


def test_a_subclass_of_a_retryable_error_is_retried() -> None:
    attempts = FailingAttempt(ConnectionResetError())
    assert Retry({OSError: SOON}, 1, sleep=lambda seconds: None)(attempts) == 2


def test_each_error_has_its_own_pauses() -> None:
    slept: list[float] = []
    retry = Retry(
        {RetryableError: Backoff(1, 8), OSError: Backoff(0.25, 8)},
        60,
        sleep=slept.append,
        chance=lambda: 0.5,
        clock=lambda: 0,
    )
    retry(FailingAttempt(RetryableError(), OSError(), RetryableError()))
    assert slept == [1, 0.5, 4]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_an_attempt_in_a_loop_is_repeated_until_it_succeeds() -> None:
    attempts = FailingAttempt(RetryableError(), RetryableError())
    assert await AsyncRetry({RetryableError: SOON}, 5)("x", attempts.call_in_loop) == 3


@pytest.mark.anyio
async def test_any_other_error_in_a_loop_is_raised_at_once() -> None:
    attempts = FailingAttempt(NotFound("x"))
    with pytest.raises(NotFound):
        await AsyncRetry({RetryableError: SOON}, 5)("x", attempts.call_in_loop)
    assert attempts.times == 1


@pytest.mark.anyio
async def test_the_last_error_is_raised_when_no_pause_fits_before_the_deadline() -> None:
    attempts = FailingAttempt(
        RetryableError("first"), RetryableError("last"), RetryableError("never")
    )
    backoff = Backoff(first=0.01, longest=100, jitter=(1, 10_000))
    retry = AsyncRetry({RetryableError: backoff}, 5, chance=iter([0.0, 1.0]).__next__)
    with pytest.raises(Unavailable, match=r"^gs://b/x: last$"):
        await retry("gs://b/x", attempts.call_in_loop)
    assert attempts.times == 2


@pytest.mark.anyio
async def test_an_attempt_that_runs_at_the_deadline_is_cancelled() -> None:
    cancelled = False

    async def hang() -> None:
        nonlocal cancelled
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled = True
            raise

    with pytest.raises(Unavailable, match=r"no response within 0\.01 s"):
        await AsyncRetry({OSError: SOON}, 0.01)("x", hang)
    assert cancelled
