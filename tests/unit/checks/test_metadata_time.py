"""Time of `checks.metadata.core_metadata` for input with quadratic time in other parsers."""

from contextlib import suppress

import pytest

from checks.distribution import read_core_metadata
from checks.policy import MIB
from checks.refusal import Refused
from testing.corpus.wheels import METADATA
from testing.growth import FACTOR, is_linear

SIZE = MIB - 1000


def _fill(start: bytes, unit: bytes) -> tuple[bytes, bytes]:
    """Return ``start`` and so much of ``unit`` that it fills a part of ``SIZE``, and all."""
    count = (SIZE - len(start)) // len(unit)
    return start + unit * (count // FACTOR), start + unit * count


def _fill_with_fields(count: int) -> bytes:
    return b"".join(b"X%d:\n" % number for number in range(count))


def _read(fields: bytes) -> None:
    with suppress(Refused):
        read_core_metadata(METADATA + fields + b"\n")


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        _fill(b'Content-Type: multipart/x; a="', b';\\"'),
        _fill(b"content-type: multipart/x;", b"\n a=b;"),
        _fill(b"Description-Content-Type: text/plain; ", b'"'),
        _fill(b"Description-Content-Type: text/plain; ", b"charset=x; "),
        _fill(b"License-Expression: MIT", b" OR MIT"),
        _fill(b"Requires-Python: >=3", b",>=3"),
        _fill(b"Requires-Dist: a", b" [x]"),
        _fill(b"Summary: x", b"\n x"),
        _fill(b"", b":\n"),
        (_fill_with_fields(100_000 // FACTOR), _fill_with_fields(100_000)),
    ],
    ids=lambda fields: ascii(fields[:40]),
)
def test_a_megabyte_of_metadata_is_read_in_linear_time(part: bytes, whole: bytes) -> None:
    assert is_linear(_read, part, whole)
