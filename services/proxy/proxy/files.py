"""Finds a file or its METADATA: in memory, in storage by one request, or behind a signed URL."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Self

from cloud.ports import Download, Reader
from proxy import representations
from proxy.cache import Cache
from proxy.paths import CoreMetadata, File
from proxy.ranges import hinted
from proxy.refresh import Freshness
from proxy.replies import Elsewhere, Opener, Resource
from proxy.representations import Key
from proxy.requests import Request
from proxy.signed import SignedUrls

SMALL = 256 * 1024
"""Bytes up to which a file is held in memory; larger ones are streamed."""


class Files:
    """The packages bucket.

    :param cache: holds small files, and what is known of large ones.
    :param signed: where files are had, if not from here (``DOWNLOADS=redirect``).
    """

    def __init__(self, packages: Reader, cache: Cache, signed: SignedUrls | None) -> None:
        self._packages, self._cache, self._signed = packages, cache, signed

    async def find(
        self, named: File | CoreMetadata, request: Request
    ) -> tuple[Resource | Elsewhere, Freshness]:
        """Return a file, or where it is: at most one request to storage.

        Only a plain GET of a file is ever sent elsewhere: pip insists on a HEAD that is answered
        directly, and parts are small (INDEX_API: #50).

        :raises NotFound: if there is none.
        :raises CloudError: if it could not be read.
        """
        key = representations.packaged(named)
        if self._signed is not None and isinstance(named, File) and request.is_plain_get():
            found, freshness = await self._known(key, 0, SMALL)
            if found.under_way is not None:
                await found.under_way.aclose()
            url = await self._signed.get(named.filename)
            return Elsewhere(url), freshness
        if request.method == "HEAD":
            return await self._known(key, 0, SMALL)
        return await self._known(key, *hinted(request.headers.get("range", "")))

    async def _known(self, key: Key, start: int, stop: int | None) -> tuple[Resource, Freshness]:
        kept = self._cache.file(key)
        return (kept, "hit") if kept else (await self._open(key, start, stop), "read")

    async def _open(self, key: Key, start: int, stop: int | None) -> Resource:
        """Ask for a part; learn from the answer what the whole is, and keep what is worth it."""
        download = await self._packages.open(key.name, start=start, stop=stop)
        is_whole = (download.start, download.stop) == (0, download.size)
        if is_whole and download.size <= SMALL:
            async with aclosing(download) as chunks:
                data = b"".join([chunk async for chunk in chunks])
            found = representations.immutable(key, download, data)
            self._cache.keep(key, found)
            return found
        opener = self._opener(key.name)
        found = representations.immutable(key, download, opener)
        if download.size > SMALL:
            self._cache.keep(key, found)
        return replace(found, under_way=download)

    def _opener(self, name: str) -> Opener:
        """Open parts of a file, whatever its generation: its name stands for its bytes for ever.

        One that was deleted by hand and restored has another generation, and the same bytes.
        """

        def opened(start: int, stop: int) -> Later:
            return Later(partial(self._packages.open, name, start=start, stop=stop))

        return opened


class Later:
    """A download that is opened when its first bytes are wanted.

    Not a generator, which would hold each chunk until it is asked for the next.
    """

    def __init__(self, open_: Callable[[], Awaitable[Download]]) -> None:
        self._open = open_
        self._download: Download | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> bytes:
        """Return what has come since."""
        if self._chunks is None:
            self._download = await self._open()
            self._chunks = aiter(self._download)
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """Read no further."""
        if self._download is not None:
            await self._download.aclose()
