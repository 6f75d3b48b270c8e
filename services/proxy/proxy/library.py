"""Finds what a request names, within its token's scope."""

from cloud.errors import NotFound
from cloud.ports import ObjectInfo, StoredObject
from proxy import representations
from proxy.blocking import BlockList, read_blocked
from proxy.cache import Cache
from proxy.negotiation import JSON, negotiate
from proxy.paths import (
    METADATA,
    Changelog,
    CoreMetadata,
    File,
    Home,
    LegacyJson,
    Project,
    Root,
)
from proxy.refresh import Clock, Freshness, Policy, Refreshing
from proxy.replies import Opener, Resource
from proxy.representations import Key
from proxy.scoping import scoped_root
from proxy.store import Store
from proxy.tokens import READ, Token
from schemas import layout

Named = Root | Project | File | CoreMetadata | LegacyJson | Home | Changelog
"""What can be found here."""

SMALL = 256 * 1024
"""Bytes up to which a file is held in memory; larger ones are streamed."""


class Library:
    """The pages and files of the index.

    :param pages: how old a cached page may grow.
    :param blocked: how old ``blocked.json`` may grow.
    :param capacity: bytes of memory for pages and small files.
    """

    def __init__(
        self,
        static: Store,
        packages: Store,
        *,
        pages: Policy,
        blocked: Policy,
        capacity: int,
        clock: Clock,
    ) -> None:
        self._static, self._packages = static, packages
        self._cache = Cache(capacity, self._load, pages, clock)
        self._blocked: Refreshing[BlockList] = Refreshing(
            layout.BLOCKED, lambda last: read_blocked(static, last), blocked, clock
        )

    async def find(
        self, named: Named, token: Token, accept: str, query: str
    ) -> tuple[Resource, Freshness]:
        """Return the representation of ``named`` that the client takes.

        :raises NotFound: if there is none, or it is out of the token's scope, or blocked.
        :raises NotAcceptable: if the client takes none of its representations.
        :raises CloudError: if it could not be read.
        """
        match named:
            case Root():
                return await self._root(token, negotiate(accept, query))
            case Home() | Changelog():
                _require(token.reads_everything(), "the page lists every project")
                return await self._cache.get(representations.human_page(named))
        _require(token.reads(named.project), "the project is out of the token's scope")
        match named:
            case Project(project):
                media_type = negotiate(accept, query)
                return await self._cache.get(representations.project_page(project, media_type))
            case LegacyJson(project):
                return await self._cache.get(representations.legacy_json(project))
        return await self._file(named)

    async def _root(self, token: Token, media_type: str) -> tuple[Resource, Freshness]:
        _require(READ in token.scopes, "the token is not for reading")
        key = representations.root(media_type)
        if token.reads_everything():
            return await self._cache.get(key)
        found, freshness = await self._cache.get(representations.root(JSON))
        everything = found.body if isinstance(found.body, bytes) else b""
        body = scoped_root(everything, token, media_type)
        return representations.small(key, StoredObject(found.generation, body)), freshness

    async def _file(self, named: File | CoreMetadata) -> tuple[Resource, Freshness]:
        blocked, _ = await self._blocked.get()
        _require(not blocked.covers(named.project, named.filename), "the file is blocked")
        if isinstance(named, CoreMetadata):
            return await self._cache.get(representations.core_metadata(named.filename))
        return await self._cache.get(representations.file(named.filename))

    async def _load(self, key: Key, last: Resource | None) -> Resource:
        """Read a resource; ``last`` is what was read before, or None."""
        if not key.is_immutable:
            return await self._page(key, last)
        if key.name.endswith(METADATA):
            return representations.small(key, await self._packages.read(key.name))
        info, data = await self._packages.open(key.name, SMALL)
        return representations.large(key, info, self._opener(info) if data is None else data)

    async def _page(self, key: Key, last: Resource | None) -> Resource:
        if last is None:
            return representations.small(key, await self._static.read(key.name))
        changed = await self._static.changed(key.name, last.generation)
        return representations.small(key, changed) if changed else last

    def _opener(self, info: ObjectInfo) -> Opener:
        return lambda start, stop: self._packages.stream(info, start, stop)


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise NotFound(reason)
