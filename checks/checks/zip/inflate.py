"""Decompression of a member, in pieces of bounded size for any compression ratio."""

import zlib
from collections.abc import Iterator
from typing import Never

from checks.archive.content import PIECE_SIZE
from checks.archive.source import Source
from checks.refusal import Reason, Refused


def inflate(source: Source, packed: int, unpacked: int, where: str) -> Iterator[bytes]:
    """Yield the content of a deflated member (RFC 1951), at most one byte more than declared.

    The deflate stream has to end exactly at the end of the member.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inputs = source.read_pieces(packed, PIECE_SIZE)
    pending: bytes | memoryview = b""
    room, flushed = unpacked + 1, True
    while not inflater.eof and room:
        if flushed and not pending:
            pending = next(inputs, None) or _refuse(
                where, "the member ends before its deflate stream"
            )
        limit = min(room, PIECE_SIZE)
        try:
            piece = inflater.decompress(pending, limit)
        except zlib.error:
            _refuse(where, "its data is not a deflate stream")
        pending, flushed = inflater.unconsumed_tail, len(piece) < limit
        room -= len(piece)
        yield piece
    if room and (inflater.unused_data or next(inputs, None) is not None):
        _refuse(where, "the member goes on after its deflate stream")


def _refuse(where: str, fault: str) -> Never:
    raise Refused(Reason.ZIP_CORRUPT, f"{where}: {fault}. Build the wheel again.")
