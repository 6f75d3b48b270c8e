"""A gzip stream (RFC 1952), inflated in pieces of bounded size and within a budget."""

import zlib
from collections.abc import Iterator
from typing import Never

from checks.archive.budget import Budget
from checks.archive.content import PIECE
from checks.archive.source import Source
from checks.refusal import Reason, Refused

_GZIP = 16 + zlib.MAX_WBITS
"""Makes zlib read exactly one gzip member, and check its CRC and size."""


def gunzipped(source: Source, budget: Budget) -> Iterator[bytes]:
    """The content of the one gzip member that the whole file is."""
    inflater = zlib.decompressobj(_GZIP)
    pending: bytes | memoryview = b""
    flushed = True
    while not inflater.eof:
        arrived = 0
        if flushed and not pending:
            pending = source.some(PIECE) or _bad("the gzip stream is cut off")
            arrived = len(pending)
        try:
            piece = inflater.decompress(pending, PIECE)
        except zlib.error:
            _bad(f"not a gzip stream, before byte {source.offset}")
        budget.spend(f"byte {source.offset}", packed=arrived, unpacked=len(piece))
        pending, flushed = inflater.unconsumed_tail, len(piece) < PIECE
        yield piece
    if inflater.unused_data or source.some(1):
        _bad("something follows the gzip stream: an sdist is exactly one")


def _bad(what: str) -> Never:
    raise Refused(Reason.SDIST_GZIP, what)
