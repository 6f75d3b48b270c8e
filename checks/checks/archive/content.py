"""Content of members, read in pieces: hashed, and kept on demand."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

PIECE_SIZE = 256 * 1024
"""Maximum number of bytes that are read or inflated at a time."""


class Content(NamedTuple):
    """Size and digests of the content of a member."""

    size: int
    crc: int
    sha256: bytes


def consume(pieces: Iterator[bytes | memoryview], keep: bytearray | None) -> Content:
    """Hash the pieces, and append them to `keep` if it is given."""
    size, crc, sha256 = 0, 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        sha256.update(piece)
        if keep is not None:
            keep += piece
    return Content(size, crc, sha256.digest())


class MemberVisitor(Protocol):
    """Object that an archive reader calls for each member."""

    def visit(self, name: str, size: int) -> bytearray | None:
        """Return a buffer for the content of the member, or None; raise `Refused` if invalid."""
        ...
