"""Decompression with zlib, in pieces of bounded size for any compression ratio."""

import zlib


class Inflater:
    """Decompressor of one stream, with at most one piece of input."""

    def __init__(self, window: int) -> None:
        self._decompressor = zlib.decompressobj(window)
        self._pending: bytes | memoryview = b""
        self._is_flushed = True

    @property
    def is_finished(self) -> bool:
        """Whether the stream is complete."""
        return self._decompressor.eof

    @property
    def needs_input(self) -> bool:
        """Whether the next piece of output needs more input."""
        return self._is_flushed and not self._pending

    @property
    def has_surplus(self) -> bool:
        """Whether the input goes on after the stream."""
        return bool(self._decompressor.unused_data)

    def feed(self, data: bytes | memoryview) -> None:
        """Set the next piece of input."""
        self._pending = data

    def inflate(self, limit: int) -> bytes:
        """Return at most `limit` bytes; raise `zlib.error` if the stream is malformed."""
        piece = self._decompressor.decompress(self._pending, limit)
        self._pending, self._is_flushed = self._decompressor.unconsumed_tail, len(piece) < limit
        return piece
