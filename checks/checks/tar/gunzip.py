"""Decompression of a gzip stream (RFC 1952), in pieces of bounded size and within a budget."""

import zlib
from collections.abc import Iterator
from typing import Never

from checks.archive.budget import Budget
from checks.archive.content import PIECE_SIZE
from checks.archive.inflater import Inflater
from checks.archive.source import Source
from checks.refusal import Reason, Refused

_GZIP = 16 + zlib.MAX_WBITS
"""Window size that makes zlib read exactly one gzip member, and check its CRC and size."""


def gunzip(source: Source, budget: Budget) -> Iterator[bytes]:
    """Yield the content of the only gzip member of the file."""
    inflater = Inflater(_GZIP)
    while not inflater.is_finished:
        packed = _feed(inflater, source) if inflater.needs_input else 0
        try:
            piece = inflater.inflate(PIECE_SIZE)
        except zlib.error as error:
            _refuse(f"not a gzip stream: before byte {source.offset}, {error}")
        budget.add_bytes(f"byte {source.offset}", packed=packed, unpacked=len(piece))
        yield piece
    if inflater.has_surplus or source.read_some(1):
        _refuse("something follows the gzip stream, but an sdist is exactly one stream")


def _feed(inflater: Inflater, source: Source) -> int:
    """Feed the next piece of the file; return its size in bytes."""
    data = source.read_some(PIECE_SIZE)
    if not data:
        _refuse(f"the gzip stream is cut off at byte {source.offset}", "Upload the file again")
    inflater.feed(data)
    return len(data)


def _refuse(fault: str, remedy: str = "Build the sdist again") -> Never:
    raise Refused(Reason.SDIST_GZIP, f"{fault}. {remedy}.")
