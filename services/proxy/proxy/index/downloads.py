"""Downloads that open at the first read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from cloud.errors import Unavailable
from cloud.ports import Download

OpenPart = Callable[[int, int], Awaitable[Download]]
"""Function that opens the part of a file from one position to another (exclusive)."""


class LazyDownload:
    """Lazily opened download of a part of a file.

    If a download of the selected part is already open, the first read uses it. Otherwise the first
    read opens the part. :meth:`aclose` closes the download. This class is not a generator, because
    a generator keeps a reference to each chunk until the next read.

    :param open_part: function that opens a part of the live generation. A file name always means
        the same bytes, but a file that an operator deleted and restored has a new generation.
    :param download: the open download of the request that found the file, if any.
    """

    def __init__(self, open_part: OpenPart, download: Download | None = None) -> None:
        self._open_part, self._download = open_part, download
        self._start = self._stop = 0
        self._chunks: AsyncIterator[bytes] | None = None

    def select(self, start: int, stop: int) -> Self:
        """Select the bytes from ``start`` to ``stop`` (exclusive)."""
        self._start, self._stop = start, stop
        return self

    def __aiter__(self) -> Self:
        """Return the iterator. It can be used once."""
        return self

    async def __anext__(self) -> bytes:
        """Return the bytes that have arrived since the last call.

        :raises Unavailable: if Cloud Storage sends a different part.
        """
        if self._chunks is None:
            self._chunks = aiter(await self._open())
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """Close the download, if one is open."""
        if self._download is not None:
            await self._download.aclose()

    async def _open(self) -> Download:
        if self._download is not None:
            if self._is_selected(self._download):
                return self._download
            await self.aclose()
            self._download = None
        self._download = await self._open_part(self._start, self._stop)
        if not self._is_selected(self._download):
            raise Unavailable("download", f"not the part from byte {self._start} to {self._stop}")
        return self._download

    def _is_selected(self, download: Download) -> bool:
        return (download.start, download.stop) == (self._start, self._stop)
