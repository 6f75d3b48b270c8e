"""Tests of `testing.growth`."""

from testing.growth import is_linear

DATA = b"x" * 2000


def read_once(data: bytes) -> int:
    return sum(1 for _ in range(100) for _ in data)


def read_for_each_byte(data: bytes) -> int:
    return sum(1 for _ in data for _ in data)


def test_one_pass_is_linear() -> None:
    assert is_linear(read_once, DATA[:1000], DATA)


def test_a_pass_for_each_byte_is_not_linear() -> None:
    assert not is_linear(read_for_each_byte, DATA[:1000], DATA)
