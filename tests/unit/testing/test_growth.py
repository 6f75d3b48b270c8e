"""Tests of `testing.growth`."""

from testing.growth import FACTOR, is_linear

PART = b"x" * 400


def read_once(data: bytes) -> int:
    return sum(1 for _ in range(100) for _ in data)


def read_for_each_byte(data: bytes) -> int:
    return sum(1 for _ in data for _ in data)


def test_one_pass_is_linear() -> None:
    assert is_linear(read_once, PART, PART * FACTOR)


def test_a_pass_for_each_byte_is_not_linear() -> None:
    assert not is_linear(read_for_each_byte, PART, PART * FACTOR)
