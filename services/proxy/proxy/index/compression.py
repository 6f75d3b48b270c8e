"""Compression of pages with gzip (RFC 9110 §8.4.1.3), once per version of a page."""

import asyncio
import gzip

SMALLEST = 1024
"""Bytes of the smallest page to compress. A smaller one fits in one packet with its head."""
LARGE = 32 * 1024
"""Bytes of the smallest page to compress in a thread. A smaller one takes less than 1 ms."""
_LEVEL = 6


async def compress_page(body: bytes) -> bytes | None:
    """Return the page in gzip; None if it is too small or does not become smaller."""
    if len(body) < SMALLEST:
        return None
    is_large = len(body) >= LARGE
    compressed = await asyncio.to_thread(_compress, body) if is_large else _compress(body)
    return compressed if len(compressed) < len(body) else None


def _compress(body: bytes) -> bytes:
    """Compress without a time, so that equal pages of all instances have one entity tag."""
    return gzip.compress(body, _LEVEL, mtime=0)
