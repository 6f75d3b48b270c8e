"""Generation numbers that keep Cloud Storage's promise, and not more than it.

A generation is unique for its object name; the documentation does not promise that a later one is
larger (https://cloud.google.com/storage/docs/metadata#generation-number). Real ones look like a
time in microseconds, which invites comparing them. These rise and fall, so that code which
compares generations by size fails here and not in production.
"""

_BASE = 1_600_000_000_000_000
_BITS = 40
_STRIDE = int(0.618_033_988_749_895 * (1 << _BITS)) | 1
"""Odd, so that its multiples modulo a power of two do not repeat; the golden ratio, so that they
spread evenly and about every third step goes down."""


class Generations:
    """The source of all generations of one fake; not thread-safe by itself."""

    def __init__(self) -> None:
        self._issued = 0

    def next(self) -> int:
        self._issued += 1
        return _BASE + (self._issued * _STRIDE) % (1 << _BITS)
