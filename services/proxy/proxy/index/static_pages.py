"""Pages in the static bucket, and the parts of lists within the scope of a token."""

import asyncio

from access.refresh import CacheStatus
from cloud.errors import Unavailable
from cloud.ports import Reader, StoredObject
from proxy.http.negotiation import prefers_gzip
from proxy.http.requests import IndexRequest
from proxy.index import representations
from proxy.index.cache import Cache
from proxy.index.compression import compress_page
from proxy.index.representations import Key
from proxy.index.resources import Resource
from proxy.index.scoping import find_whole, scope_list


class Pages:
    """Pages of the static bucket.

    :param cache: the cache of the pages.
    """

    def __init__(self, static: Reader, cache: Cache) -> None:
        self._static, self._cache = static, cache

    async def find(self, key: Key) -> tuple[Resource, CacheStatus]:
        """Return a page.

        :raises NotFound: if the page is absent.
        :raises CloudError: if the page cannot be read.
        """
        return await self._cache.get_page(key, self._read)

    async def find_newest(self, key: Key) -> tuple[Resource, CacheStatus]:
        """Return a page, read again if the last read is older than ``NEWEST_INTERVAL``.

        :raises NotFound: if the page is absent.
        :raises CloudError: if the page cannot be read.
        """
        if key.globs is not None:
            await self.find_newest(find_whole(key))
        return await self._cache.get_newest_page(key, self._read)

    async def select(self, key: Key, request: IndexRequest) -> Resource:
        """Return a page for a request, in gzip if the client prefers it.

        :raises NotFound: if the page is absent.
        :raises CloudError: if the page cannot be read.
        """
        find = self.find_newest if request.wants_newest else self.find
        page, request.record.cache = await find(key)
        if page.gzipped is not None and prefers_gzip(request.fields.get("accept-encoding", "")):
            return page.gzipped
        return page

    async def _read(self, key: Key, last: Resource | None) -> Resource:
        """Read a page. Return ``last``, the previous result, if the page has not changed."""
        if key.globs is not None:
            return await self._read_part(key, key.globs, last)
        if last is None:
            return await _prepare_page(key, await self._static.read(key.name))
        changed = await self._static.read_if_changed(key.name, last.generation)
        return await _prepare_page(key, changed) if changed else last

    async def _read_part(self, key: Key, globs: tuple[str, ...], last: Resource | None) -> Resource:
        """Return a part of a list, or ``last`` if the list is unchanged."""
        whole, status = await self.find(find_whole(key))
        if last is not None and last.generation == whole.generation:
            if status == "stale":
                raise Unavailable(key.name, "the whole list is stale")
            return last
        # Use a thread, because 100 000 projects take 0.4 s.
        body = await asyncio.to_thread(scope_list, whole.body or b"", key, globs)
        return await _prepare_page(key, StoredObject(whole.generation, body))


async def _prepare_page(key: Key, stored: StoredObject) -> Resource:
    """Return a page with its compressed form, for the memory."""
    return representations.create_page(key, stored, await compress_page(stored.data))
