"""Cache of pages and files, bounded by bytes, with eviction of the least recently used."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from access.refresh import CacheStatus, Clock, RefreshingValue, RefreshPolicy
from proxy.index.representations import Key
from proxy.index.resources import Resource

ENTRY = 4096
"""Bytes of an entry without its body. The measured size is 3 KiB, also for an absent name."""

Load = Callable[[Key, Resource | None], Awaitable[Resource]]
"""Returns a page. Its second argument is the last good one (see ``RefreshingValue``)."""


class Cache:
    """Cache of resources by key.

    The cache reads a page, and reads it again when it is old, once for all waiting requests. Files
    never change.

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
        :raises CloudError: if it cannot be read and no older one is permitted.
        """
        entry = self._entries.get(key)
        if isinstance(entry, RefreshingValue):
            self._entries.move_to_end(key)
        else:
            entry = self._entries[key] = self._create_page(key, load)
            self._account(key, 0)
        fresh = entry.get_fresh()
        return (fresh, "hit") if fresh is not None else await entry.get()

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
        self._account(key, file.cost)

    def _create_page(self, key: Key, load: Load) -> RefreshingValue[Resource]:
        async def load_and_account(last: Resource | None) -> Resource:
            page = await load(key, last)
            self._account(key, page.cost)
            return page

        return RefreshingValue(key.name, load_and_account, self._policy, self._clock)

    def _account(self, key: Key, cost: int) -> None:
        """Record the bytes of an entry, and evict the oldest entries until the sum fits."""
        if key not in self._entries:
            return
        self._total += ENTRY + cost - self._costs.get(key, 0)
        self._costs[key] = ENTRY + cost
        while self._total > self._capacity and self._entries:
            oldest, _ = self._entries.popitem(last=False)
            self._total -= self._costs.pop(oldest)
