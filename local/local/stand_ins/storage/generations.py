"""Generation numbers with only the guarantee of Cloud Storage: uniqueness.

A generation is unique for its object name. The documentation does not promise that a later one is
larger (https://cloud.google.com/storage/docs/metadata#generation-number). Real generations look
like times in microseconds, which suggests a comparison. Generations of this fake increase and
decrease, so that code with such a comparison fails in tests.
"""

_BASE = 1_600_000_000_000_000
_BITS = 40
_STRIDE = int(0.618_033_988_749_895 * (1 << _BITS)) | 1
"""Odd fraction of the range by the golden ratio.

An odd stride gives multiples modulo a power of two that do not repeat. The golden ratio spreads
them evenly, and about every third step is a decrease."""


class Generations:
    """Generator of all generations of one fake; not thread-safe.

    :param issued: number of the generations so far.
    """

    def __init__(self, issued: int = 0) -> None:
        self.issued = issued

    def next(self) -> int:
        """Return a new generation."""
        self.issued += 1
        return _BASE + (self.issued * _STRIDE) % (1 << _BITS)
