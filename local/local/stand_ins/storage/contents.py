"""Bytes of objects, and parts of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

PIECE = 1024 * 1024
"""Bytes of a part that are in memory at a time."""


class ObjectContent(Protocol):
    """All bytes of one generation of an object; they never change."""

    @property
    def size(self) -> int:
        """Number of the bytes."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to ``end``, exclusive."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryContent:
    """ObjectContent in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Number of the bytes."""
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        """Return a slice."""
        return self.data[start:end]


@dataclass(frozen=True, slots=True)
class ContentPart:
    """Bytes of a content from ``start`` to ``end``, exclusive."""

    content: ObjectContent
    start: int
    end: int

    def iterate_pieces(self, limit: int | None = None) -> Iterator[bytes]:
        """Yield the bytes in pieces.

        :param limit: largest number of bytes of all pieces.
        """
        end = self.end if limit is None else min(self.end, self.start + limit)
        for start in range(self.start, end, PIECE):
            yield self.content.read(start, min(start + PIECE, end))
