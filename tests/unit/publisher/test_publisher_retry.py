"""Pauses and deadline of the publisher's retry (``publisher.main.RETRY``)."""

import pytest

from cloud.errors import CloudError, PreconditionFailed, TooManyRequests, Unavailable
from unit.publisher.publisher_fixtures import ManualClock, make_retry


class FailingFunction:
    """Function that raises the given errors in order, then succeeds."""

    def __init__(self, *errors: CloudError) -> None:
        self.errors = list(errors)
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.times


def test_a_success_is_tried_once_and_without_a_pause() -> None:
    clock = ManualClock()
    assert make_retry(clock)(FailingFunction()) == 1
    assert clock.slept == []


def test_after_a_lost_race_it_is_tried_again_soon_and_after_429_a_second_later() -> None:
    clock = ManualClock()
    function = FailingFunction(PreconditionFailed("x"), TooManyRequests("x"))
    assert make_retry(clock)(function) == 3
    assert clock.slept == [0.05, 2.0]


def test_pauses_double_up_to_a_maximum() -> None:
    clock = ManualClock()
    make_retry(clock)(FailingFunction(*[TooManyRequests("x")] * 6))
    assert clock.slept == [1, 2, 4, 8, 8, 8]


def test_it_gives_up_before_the_deadline_with_the_last_error() -> None:
    clock, last = ManualClock(), TooManyRequests("the last")
    function = FailingFunction(*[TooManyRequests("x")] * 3, last, TooManyRequests("never"))
    with pytest.raises(TooManyRequests, match="the last"):
        make_retry(clock, deadline=10)(function)
    assert clock.now <= 10


def test_any_other_error_is_raised_at_once() -> None:
    function = FailingFunction(Unavailable("x"))
    with pytest.raises(Unavailable):
        make_retry()(function)
    assert function.times == 1
