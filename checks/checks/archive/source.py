"""The uploaded bytes, read once from first to last, hashed and counted on the way."""

import hashlib
from collections.abc import Iterable, Iterator

from checks.refusal import Reason, Refused


class Truncated(Exception):
    """The bytes end before what was asked for."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the file ends at byte {offset}")
        self.offset = offset


class Hashed:
    """The chunks of an uploaded file, hashed and counted as they pass.

    Whoever iterates goes on where the last one stopped.
    """

    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._chunks = iter(chunks)
        self._sha256 = hashlib.sha256()
        self._limit = limit
        self.size = 0
        """How many bytes have passed."""

    @property
    def sha256(self) -> str:
        """Of the bytes that have passed: of the file, once all have."""
        return self._sha256.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._limit:
                raise Refused(
                    Reason.TOO_LARGE, f"the file has more than {self._limit} bytes (MAX_FILE_SIZE)"
                )
            self._sha256.update(chunk)
            yield chunk


class Source:
    """A forward-only reader over chunks of any size; it holds one chunk at a time."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self._arrived = 0

    @property
    def offset(self) -> int:
        """Where the next byte stands."""
        return self._arrived - len(self._chunk)

    def some(self, limit: int) -> memoryview:
        """At least one byte and at most `limit`, as they come; empty at the end."""
        while not self._chunk and self._arrive():
            pass
        taken, self._chunk = self._chunk[:limit], self._chunk[limit:]
        return taken

    def exactly(self, count: int) -> bytes:
        """So many bytes, or `Truncated`."""
        gathered = bytes(self.some(count)) if count else b""
        if len(gathered) == count:
            return gathered
        return gathered + b"".join(self.pieces(count - len(gathered), count))

    def pieces(self, count: int, limit: int) -> Iterator[memoryview]:
        """So many bytes, at most `limit` at a time, or `Truncated`."""
        while count:
            piece = self.some(min(count, limit))
            if not piece:
                raise Truncated(self.offset)
            count -= len(piece)
            yield piece

    def peek(self, count: int) -> bytes:
        """The next bytes without taking them; fewer at the end."""
        gathered = bytearray(self._chunk)
        while len(gathered) < count and self._arrive():
            gathered += self._chunk
        self._chunk = memoryview(bytes(gathered))
        return bytes(self._chunk[:count])

    def _arrive(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._arrived += len(chunk)
        self._chunk = memoryview(chunk)
        return True
