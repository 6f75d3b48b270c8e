"""Pauses and deadline of the publisher's retry (``publisher.main.RETRY``)."""

import pytest

from cloud.errors import CloudError, PreconditionFailed, TooManyRequests, Unavailable
from unit.publisher.publisher_fixtures import ManualClock, make_retry


class Trying:
    """Fails in turn with what it is given, then succeeds."""

    def __init__(self, *errors: CloudError) -> None:
        self.errors = list(errors)
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.times


def test_what_succeeds_is_tried_once_and_without_a_pause() -> None:
    clock = ManualClock()
    assert make_retry(clock)(Trying()) == 1
    assert clock.slept == []


def test_after_a_lost_race_it_is_tried_again_soon_and_after_429_a_second_later() -> None:
    clock = ManualClock()
    trying = Trying(PreconditionFailed("x"), TooManyRequests("x"))
    assert make_retry(clock)(trying) == 3
    assert clock.slept == [0.05, 2.0]


def test_pauses_double_but_not_for_ever() -> None:
    clock = ManualClock()
    make_retry(clock)(Trying(*[TooManyRequests("x")] * 6))
    assert clock.slept == [1, 2, 4, 8, 8, 8]


def test_it_gives_up_before_the_deadline_with_the_last_error() -> None:
    clock, last = ManualClock(), TooManyRequests("the last")
    trying = Trying(*[TooManyRequests("x")] * 3, last, TooManyRequests("never"))
    with pytest.raises(TooManyRequests, match="the last"):
        make_retry(clock, deadline=10)(trying)
    assert clock.now <= 10


def test_any_other_error_is_raised_at_once() -> None:
    trying = Trying(Unavailable("x"))
    with pytest.raises(Unavailable):
        make_retry()(trying)
    assert trying.times == 1
