"""A member's content, in pieces of bounded size, however well it was compressed."""

import zlib
from collections.abc import Iterator
from typing import Never

from checks.archive.content import PIECE
from checks.archive.source import Source
from checks.refusal import Reason, Refused


def deflated(source: Source, packed: int, unpacked: int, where: str) -> Iterator[bytes]:
    """The content of a deflated member (RFC 1951), up to one byte more than it declares.

    The deflate stream has to end exactly where the member does.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inputs = source.pieces(packed, PIECE)
    pending: bytes | memoryview = b""
    room, flushed = unpacked + 1, True
    while not inflater.eof and room:
        if flushed and not pending:
            pending = next(inputs, None) or _corrupt(where, "ends before its deflate stream does")
        limit = min(room, PIECE)
        try:
            piece = inflater.decompress(pending, limit)
        except zlib.error:
            _corrupt(where, "is not a deflate stream")
        pending, flushed = inflater.unconsumed_tail, len(piece) < limit
        room -= len(piece)
        yield piece
    if room and (inflater.unused_data or next(inputs, None) is not None):
        _corrupt(where, "goes on after the end of its deflate stream")


def _corrupt(where: str, what: str) -> Never:
    raise Refused(Reason.ZIP_CORRUPT, f"{where} {what}: build the file again")
