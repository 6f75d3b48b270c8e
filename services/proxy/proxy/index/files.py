"""Files and their core metadata, from memory or from Cloud Storage."""

from contextlib import aclosing
from functools import partial

from access.refresh import CacheStatus
from cloud.ports import Download, Reader
from proxy.http.ranges import parse_range
from proxy.index import representations
from proxy.index.cache import Cache
from proxy.index.downloads import LazyDownload
from proxy.index.representations import Key
from proxy.index.resources import Resource

MAX_CACHED_SIZE = 256 * 1024
"""Size of the largest file in memory, in bytes. Larger files are streamed."""


class Files:
    """Files of the packages bucket.

    :param cache: the cache of small files and of the header fields of large ones.
    """

    def __init__(self, packages: Reader, cache: Cache) -> None:
        self._packages, self._cache = packages, cache

    async def find(
        self, key: Key, range_field: str
    ) -> tuple[Resource, LazyDownload | None, CacheStatus]:
        """Return a file, and the download of its body if the body is not in memory.

        This takes at most one request to Cloud Storage, with the range of the client. The caller
        closes the download.

        :param range_field: the ``Range`` field; empty if it is absent.
        :raises NotFound: if the file is absent.
        :raises CloudError: if the file cannot be read.
        """
        known = self._cache.get_file(key)
        if known is None:
            resource, download = await self._open(key, *parse_range(range_field))
            return resource, download, "read"
        return known, self._create_download(key) if known.body is None else None, "hit"

    async def describe(self, key: Key) -> tuple[Resource, CacheStatus]:
        """Return a file; a large one has no body. This takes at most one request.

        :raises NotFound: if the file is absent.
        :raises CloudError: if the file cannot be read.
        """
        known = self._cache.get_file(key)
        if known is not None:
            return known, "hit"
        resource, download = await self._open(key, 0, MAX_CACHED_SIZE)
        if download is not None:
            await download.aclose()
        return resource, "read"

    async def _open(
        self, key: Key, start: int, stop: int | None
    ) -> tuple[Resource, LazyDownload | None]:
        """Open a part of a file, and put the facts of the response into the cache."""
        download = await self._packages.open(key.name, start=start, stop=stop)
        is_whole = (download.start, download.stop) == (0, download.size)
        if is_whole and download.size <= MAX_CACHED_SIZE:
            async with aclosing(download) as chunks:
                body = b"".join([chunk async for chunk in chunks])
            resource = representations.create_file(key, download, body)
            self._cache.put_file(key, resource)
            return resource, None
        resource = representations.create_file(key, download, None)
        if download.size > MAX_CACHED_SIZE:
            self._cache.put_file(key, resource)
        return resource, self._create_download(key, download)

    def _create_download(self, key: Key, download: Download | None = None) -> LazyDownload:
        return LazyDownload(partial(_open_part, self._packages, key.name), download)


async def _open_part(packages: Reader, name: str, start: int, stop: int) -> Download:
    return await packages.open(name, start=start, stop=stop)
