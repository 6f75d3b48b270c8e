"""Core metadata that some parser needs quadratic time for is judged in linear time."""

import time
from contextlib import suppress

import pytest

from checks.distribution import read_core_metadata
from checks.policy import MIB
from checks.refusal import Refused
from testing.corpus.wheels import METADATA

SIZE = MIB - 1000


def _filled(start: bytes, unit: bytes) -> bytes:
    return start + unit * ((SIZE - len(start)) // len(unit))


@pytest.mark.parametrize(
    "fields",
    [
        _filled(b'Content-Type: multipart/x; a="', b';\\"'),
        _filled(b"content-type: multipart/x;", b"\n a=b;"),
        _filled(b"Description-Content-Type: text/plain; ", b'"'),
        _filled(b"Description-Content-Type: text/plain; ", b"charset=x; "),
        _filled(b"License-Expression: MIT", b" OR MIT"),
        _filled(b"Requires-Python: >=3", b",>=3"),
        _filled(b"Requires-Dist: a", b" [x]"),
        _filled(b"Summary: x", b"\n x"),
        _filled(b"", b":\n"),
        b"".join(b"X%d:\n" % number for number in range(100_000)),
    ],
    ids=lambda fields: ascii(fields[:40]),
)
def test_a_megabyte_of_metadata_is_judged_in_seconds(fields: bytes) -> None:
    started = time.process_time()  # other processes on the machine do not lengthen it
    with suppress(Refused):
        read_core_metadata(METADATA + fields + b"\n")
    assert time.process_time() - started < 10
