"""Time of `checks.metadata.core_metadata` for input with quadratic time in other parsers."""

import time
from contextlib import suppress

import pytest

from checks.distribution import read_core_metadata
from checks.policy import MIB
from checks.refusal import Refused
from testing.corpus.wheels import METADATA

SIZE = MIB - 1000


def _fill(start: bytes, unit: bytes) -> bytes:
    return start + unit * ((SIZE - len(start)) // len(unit))


@pytest.mark.parametrize(
    "fields",
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
        b"".join(b"X%d:\n" % number for number in range(100_000)),
    ],
    ids=lambda fields: ascii(fields[:40]),
)
def test_a_megabyte_of_metadata_is_read_in_seconds(fields: bytes) -> None:
    started = time.process_time()  # without the time of other processes
    with suppress(Refused):
        read_core_metadata(METADATA + fields + b"\n")
    assert time.process_time() - started < 10
