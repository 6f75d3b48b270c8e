"""Bytes of the uploaded file, read once from first to last, hashed and counted."""

import hashlib
from collections.abc import Iterable, Iterator

from checks.refusal import Reason, Refused


class Truncated(Exception):
    """End of the data before the requested number of bytes."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the file ends at byte {offset}")
        self.offset = offset


class HashedStream:
    """Chunks of an uploaded file, hashed and counted during iteration.

    A second iterator continues at the position of the first one.
    """

    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._chunks = iter(chunks)
        self._sha256 = hashlib.sha256()
        self._limit = limit
        self.size = 0
        """Number of bytes up to now."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes up to now; at the end, of the file."""
        return self._sha256.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._limit:
                raise Refused(
                    Reason.TOO_LARGE,
                    f"the file has more than {self._limit} bytes (MAX_FILE_SIZE)."
                    " Leave data out of it, or have the limit raised.",
                )
            self._sha256.update(chunk)
            yield chunk


class Source:
    """Forward-only reader over chunks of any size; it holds one chunk at a time."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self._received = 0

    @property
    def offset(self) -> int:
        """Position of the next byte."""
        return self._received - len(self._chunk)

    def read_some(self, limit: int) -> memoryview:
        """Read at least one byte and at most `limit`; return an empty view at the end."""
        while not self._chunk and self._receive():
            pass
        data, self._chunk = self._chunk[:limit], self._chunk[limit:]
        return data

    def read_exactly(self, count: int) -> bytes:
        """Read `count` bytes; raise `Truncated` if there are fewer."""
        data = bytes(self.read_some(count)) if count else b""
        if len(data) == count:
            return data
        return data + b"".join(self.read_pieces(count - len(data), count))

    def read_pieces(self, count: int, limit: int) -> Iterator[memoryview]:
        """Yield `count` bytes in pieces of at most `limit`; raise `Truncated` if fewer."""
        while count:
            piece = self.read_some(min(count, limit))
            if not piece:
                raise Truncated(self.offset)
            count -= len(piece)
            yield piece

    def peek(self, count: int) -> bytes:
        """Return the next bytes without consuming them; fewer at the end."""
        data = bytearray(self._chunk)
        while len(data) < count and self._receive():
            data += self._chunk
        self._chunk = memoryview(bytes(data))
        return bytes(self._chunk[:count])

    def _receive(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._received += len(chunk)
        self._chunk = memoryview(chunk)
        return True
