"""A member's content, in pieces of bounded size, however well it was compressed."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import NamedTuple, Never

from ingest.refusal import Reason, Refused
from ingest.source import Source

PIECE = 256 * 1024
"""At most so many bytes are read, and so many inflated, at a time."""


class Content(NamedTuple):
    """What the content of a member came to."""

    size: int
    crc: int
    sha256: bytes


def consume(pieces: Iterator[bytes | memoryview], keep: bytearray | None) -> Content:
    """Hash the pieces, and append them to `keep` where there is one."""
    size, crc, sha256 = 0, 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        sha256.update(piece)
        if keep is not None:
            keep += piece
    return Content(size, crc, sha256.digest())


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
