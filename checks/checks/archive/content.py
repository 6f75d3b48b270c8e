"""The content of members, which goes by in pieces: hashed, and kept only where it is wanted."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

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


class Watcher(Protocol):
    """Whoever wants to see members go by."""

    def admit(self, name: str, size: int) -> bytearray | None:
        """Where to keep the content of that member, if anywhere; may refuse."""
        ...
