"""Pages and files in memory, bounded by bytes: the least recently used go first."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from proxy.refresh import Clock, Freshness, Policy, Refreshing
from proxy.replies import Resource
from proxy.representations import Key

ENTRY = 4096
"""Bytes that an entry takes beside its body: 3 KiB were measured, for an absent name as well."""


class Cache:
    """Resources by key: pages, which it reads itself and again when they are old, each once however
    many ask; and files, which never change and are kept as they were given.

    :param load: reads a page, given the last good one, as :class:`~proxy.refresh.Refreshing` says.
    """

    def __init__(
        self,
        capacity: int,
        load: Callable[[Key, Resource | None], Awaitable[Resource]],
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._capacity, self._load, self._policy, self._clock = capacity, load, policy, clock
        self._entries: OrderedDict[Key, Refreshing[Resource] | Resource] = OrderedDict()
        self._costs: dict[Key, int] = {}
        self._total = 0

    async def page(self, key: Key) -> tuple[Resource, Freshness]:
        """Return a page.

        :raises NotFound: if there is none.
        :raises CloudError: if it cannot be read, and none is held that may still serve.
        """
        entry = self._entries.get(key)
        if isinstance(entry, Refreshing):
            self._entries.move_to_end(key)
        else:
            entry = self._entries[key] = self._refreshing(key)
            self._weigh(key, 0)
        young = entry.fresh()
        return (young, "hit") if young is not None else await entry.get()

    def file(self, key: Key) -> Resource | None:
        """Return a file, if it is still kept."""
        entry = self._entries.get(key)
        if not isinstance(entry, Resource):
            return None
        self._entries.move_to_end(key)
        return entry

    def keep(self, key: Key, found: Resource) -> None:
        """Keep a file."""
        self._entries[key] = found
        self._weigh(key, found.cost())

    def _refreshing(self, key: Key) -> Refreshing[Resource]:
        async def load(last: Resource | None) -> Resource:
            found = await self._load(key, last)
            self._weigh(key, found.cost())
            return found

        return Refreshing(key.name, load, self._policy, self._clock)

    def _weigh(self, key: Key, cost: int) -> None:
        if key not in self._entries:
            return
        self._total += ENTRY + cost - self._costs.get(key, 0)
        self._costs[key] = ENTRY + cost
        while self._total > self._capacity and self._entries:
            oldest, _ = self._entries.popitem(last=False)
            self._total -= self._costs.pop(oldest)
