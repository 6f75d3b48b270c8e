"""Counts of function calls."""

import sys

import pytest

from testing.calls import count_calls


def double(number: int) -> int:
    return 2 * number


def call_both(times: int) -> None:
    for number in range(times):
        double(number)
        abs(number)


def test_an_empty_function_is_one_call() -> None:
    assert count_calls(lambda: None) == 1


@pytest.mark.parametrize("times", [0, 1, 100])
def test_calls_of_python_and_c_functions_count(times: int) -> None:
    fixed = count_calls(lambda: call_both(0))
    assert count_calls(lambda: call_both(times)) == fixed + 2 * times


def test_a_generator_counts_once_per_item() -> None:
    def exhaust(items: int) -> int:
        return count_calls(lambda: list(number for number in range(items)))

    assert exhaust(50) == exhaust(0) + 50


def test_the_profile_function_is_restored_after_an_error() -> None:
    def fail() -> None:
        raise RuntimeError

    before = sys.getprofile()
    with pytest.raises(RuntimeError):
        count_calls(fail)
    assert sys.getprofile() is before
