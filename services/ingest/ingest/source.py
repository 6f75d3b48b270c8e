"""The uploaded bytes, read once from first to last, hashed and counted on the way."""

import hashlib
from collections.abc import Iterable

from ingest.refusal import Reason, Refused


class Truncated(Exception):
    """The bytes end before what was asked for."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the file ends at byte {offset}")
        self.offset = offset


class Source:
    """A forward-only reader over chunks of any size; it holds one chunk at a time."""

    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._chunks = iter(chunks)
        self._sha256 = hashlib.sha256()
        self._limit = limit
        self._chunk = memoryview(b"")
        self.size = 0
        """How many bytes have arrived."""

    @property
    def offset(self) -> int:
        """Where in the file the next byte stands."""
        return self.size - len(self._chunk)

    @property
    def sha256(self) -> str:
        """Of the bytes that have arrived: of the file, once the end was reached."""
        return self._sha256.hexdigest()

    def some(self, limit: int) -> memoryview:
        """At least one byte and at most `limit`, as they come; empty at the end of the file."""
        while not self._chunk:
            if not self._arrive():
                break
        taken, self._chunk = self._chunk[:limit], self._chunk[limit:]
        return taken

    def exactly(self, count: int) -> bytes:
        """So many bytes, or `Truncated`."""
        if len(self._chunk) >= count:
            taken, self._chunk = self._chunk[:count], self._chunk[count:]
            return bytes(taken)
        gathered = bytearray()
        while len(gathered) < count:
            piece = self.some(count - len(gathered))
            if not piece:
                raise Truncated(self.size)
            gathered += piece
        return bytes(gathered)

    def peek(self, count: int) -> bytes:
        """The next bytes without taking them; fewer at the end of the file."""
        gathered = bytearray(self._chunk)
        while len(gathered) < count and self._arrive():
            gathered += self._chunk
        self._chunk = memoryview(bytes(gathered))
        return bytes(self._chunk[:count])

    def _arrive(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self.size += len(chunk)
        if self.size > self._limit:
            raise Refused(
                Reason.TOO_LARGE, f"the file is larger than the {self._limit} bytes allowed here"
            )
        self._sha256.update(chunk)
        self._chunk = memoryview(chunk)
        return True
