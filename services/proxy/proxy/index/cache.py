"""Least-recently-used cache of pages and files, with a maximum size in bytes."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from access.refresh import CacheStatus, Clock, RefreshingValue, RefreshPolicy
from proxy.index.representations import Key
from proxy.index.resources import Resource

ENTRY_SIZE = 4096
"""Assumed size of an entry without its body, in bytes.

The measured size is 3 KiB, also for an object that does not exist.
"""

NEWEST_INTERVAL = 0.1
"""Shortest time between two loads of a page for clients that want the newest one, in seconds."""

Load = Callable[[Key, Resource | None], Awaitable[Resource]]
"""Function that loads a page. Its second argument is the last good page, or None."""


class Cache:
    """Cache of resources by key.

    The cache loads a page, and loads it again when the page is old. All waiting requests share one
    load. Files never change, so the cache keeps them without loading.

    :param capacity: bytes of memory.
    :param policy: the permitted age of a page.
    """

    def __init__(self, capacity: int, policy: RefreshPolicy, clock: Clock) -> None:
        self._capacity, self._policy, self._clock = capacity, policy, clock
        self._entries: OrderedDict[Key, RefreshingValue[Resource] | Resource] = OrderedDict()
        self._costs: dict[Key, int] = {}
        self._total = 0

    async def get_page(self, key: Key, load: Load) -> tuple[Resource, CacheStatus]:
        """Return a page.

        :raises NotFound: if the page is absent.
        :raises CloudError: if the page cannot be read, and no older page is permitted.
        """
        entry = self._find_page(key, load)
        fresh = entry.get_fresh()
        return (fresh, "hit") if fresh is not None else await entry.get()

    async def get_newest_page(self, key: Key, load: Load) -> tuple[Resource, CacheStatus]:
        """Return a page, loaded again if the last load is older than :data:`NEWEST_INTERVAL`.

        :raises NotFound: if the page is absent.
        :raises CloudError: if the page cannot be read, and no older page is permitted.
        """
        return await self._find_page(key, load).get_newer(NEWEST_INTERVAL)

    def get_file(self, key: Key) -> Resource | None:
        """Return a file if it is in memory; otherwise None."""
        entry = self._entries.get(key)
        if not isinstance(entry, Resource):
            return None
        self._entries.move_to_end(key)
        return entry

    def put_file(self, key: Key, file: Resource) -> None:
        """Add a file."""
        self._entries[key] = file
        self._record_cost(key, file.cost)

    def _find_page(self, key: Key, load: Load) -> RefreshingValue[Resource]:
        entry = self._entries.get(key)
        if isinstance(entry, RefreshingValue):
            self._entries.move_to_end(key)
            return entry
        page = self._entries[key] = self._create_page(key, load)
        self._record_cost(key, 0)
        return page

    def _create_page(self, key: Key, load: Load) -> RefreshingValue[Resource]:
        async def load_and_record_cost(last: Resource | None) -> Resource:
            page = await load(key, last)
            self._record_cost(key, page.cost)
            return page

        return RefreshingValue(key.name, load_and_record_cost, self._policy, self._clock)

    def _record_cost(self, key: Key, cost: int) -> None:
        """Record the size of an entry. Evict least recently used entries until the total fits."""
        if key not in self._entries:
            return
        self._total += ENTRY_SIZE + cost - self._costs.get(key, 0)
        self._costs[key] = ENTRY_SIZE + cost
        while self._total > self._capacity and self._entries:
            oldest, _ = self._entries.popitem(last=False)
            self._total -= self._costs.pop(oldest)
