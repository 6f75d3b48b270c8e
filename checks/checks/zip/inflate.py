"""Decompression of a member, in pieces of bounded size for any compression ratio."""

import zlib
from collections.abc import Iterator
from typing import Never

from checks.archive.content import PIECE_SIZE
from checks.archive.inflater import Inflater
from checks.archive.source import Source
from checks.refusal import Reason, Refused


def inflate(source: Source, packed: int, unpacked: int, where: str) -> Iterator[bytes]:
    """Yield the content of a deflated member (RFC 1951), at most one byte more than declared.

    The deflate stream has to end exactly at the end of the member.
    """
    inflater = Inflater(-zlib.MAX_WBITS)
    inputs = source.read_pieces(packed, PIECE_SIZE)
    room = unpacked + 1
    while not inflater.is_finished and room:
        if inflater.needs_input:
            inflater.feed(
                next(inputs, None)
                or refuse_content(f"{where}: the member ends before its deflate stream")
            )
        try:
            piece = inflater.inflate(min(room, PIECE_SIZE))
        except zlib.error:
            refuse_content(f"{where}: its data is not a deflate stream")
        room -= len(piece)
        yield piece
    if room and (inflater.has_surplus or next(inputs, None) is not None):
        refuse_content(f"{where}: the member goes on after its deflate stream")


def refuse_content(fault: str) -> Never:
    """Refuse a member with content that differs from its header."""
    raise Refused(Reason.ZIP_CORRUPT, f"{fault}. Build the wheel again.")
