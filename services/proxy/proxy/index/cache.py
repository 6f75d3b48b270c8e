"""Pages and files in memory, bounded by bytes; the least recently used leave first."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from access.refresh import CacheStatus, Clock, RefreshingValue, RefreshPolicy
from proxy.index.representations import Key
from proxy.index.resources import Resource

ENTRY = 4096
"""Bytes of an entry without its body; 3 KiB were measured, also for an absent name."""

Load = Callable[[Key, Resource | None], Awaitable[Resource]]
"""Reads a page, given the last good one (see :class:`~access.refresh.RefreshingValue`)."""


class Cache:
    """Resources by key.

    Pages are read by the cache, and again when they are old, once for all waiting requests. Files
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

        :raises NotFound: if there is none.
        :raises CloudError: if it cannot be read, and no older one may serve.
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
        """Return a file, if it is in memory."""
        entry = self._entries.get(key)
        if not isinstance(entry, Resource):
            return None
        self._entries.move_to_end(key)
        return entry

    def put_file(self, key: Key, file: Resource) -> None:
        """Keep a file."""
        self._entries[key] = file
        self._account(key, file.cost())

    def _create_page(self, key: Key, load: Load) -> RefreshingValue[Resource]:
        async def load_and_account(last: Resource | None) -> Resource:
            page = await load(key, last)
            self._account(key, page.cost())
            return page

        return RefreshingValue(key.name, load_and_account, self._policy, self._clock)

    def _account(self, key: Key, cost: int) -> None:
        """Note the bytes of an entry, and evict others until the sum fits."""
        if key not in self._entries:
            return
        self._total += ENTRY + cost - self._costs.get(key, 0)
        self._costs[key] = ENTRY + cost
        while self._total > self._capacity and self._entries:
            oldest, _ = self._entries.popitem(last=False)
            self._total -= self._costs.pop(oldest)
