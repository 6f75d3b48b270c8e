"""Finds what a request names, within its token's scope."""

import asyncio

from cloud.errors import NotFound, Unavailable
from cloud.ports import Reader, StoredObject
from proxy import representations
from proxy.blocking import BlockList, read_blocked
from proxy.cache import Cache
from proxy.files import Files
from proxy.negotiation import JSON
from proxy.paths import Changelog, CoreMetadata, File, Home, LegacyJson, Project, Root
from proxy.refresh import Clock, Freshness, Policy, Refreshing
from proxy.replies import Elsewhere, Resource
from proxy.representations import Key
from proxy.requests import Request
from proxy.scoping import scoped_root
from proxy.signed import SignedUrls
from proxy.upstream import Upstream, has_page
from schemas import layout
from schemas.names import ProjectName
from schemas.tokens import READ, Token

Named = Root | Project | File | CoreMetadata | LegacyJson | Home | Changelog
"""What can be found here."""


class Library:
    """The pages and files of the index.

    :param pages: how old a cached page may grow.
    :param blocked: how old ``blocked.json`` may grow.
    :param capacity: bytes of memory for pages and small files.
    """

    def __init__(
        self,
        static: Reader,
        packages: Reader,
        *,
        pages: Policy,
        blocked: Policy,
        capacity: int,
        clock: Clock,
        upstream: Upstream | None = None,
        signed: SignedUrls | None = None,
    ) -> None:
        self._static, self._upstream = static, upstream
        self._cache = Cache(capacity, self._read, pages, clock)
        self._files = Files(packages, self._cache, signed)
        self._blocked: Refreshing[BlockList] = Refreshing(
            layout.BLOCKED, lambda last: read_blocked(static, last), blocked, clock
        )

    async def find(
        self, named: Named, token: Token, request: Request
    ) -> tuple[Resource | Elsewhere, Freshness]:
        """Return the representation of ``named`` that the client takes, or where it is.

        :raises NotFound: if there is none, or it is out of the token's scope, or blocked.
        :raises NotAcceptable: if the client takes none of its representations.
        :raises CloudError: if it could not be read.
        """
        match named:
            case Root():
                return await self._root(token, request.media_type())
            case Home() | Changelog():
                _require(token.reads_everything(), "the page lists every project")
                return await self._cache.page(representations.human_page(named))
        _require(token.reads(named.project), "the project is out of the token's scope")
        match named:
            case Project(project):
                return await self._project(project, request.media_type())
            case LegacyJson(project):
                return await self._cache.page(representations.legacy_json(project))
        blocked = self._blocked.fresh() or (await self._blocked.get())[0]
        _require(not blocked.covers(named.project, named.filename), "the file is blocked")
        return await self._files.find(named, request)

    async def _root(self, token: Token, media_type: str) -> tuple[Resource, Freshness]:
        _require(READ in token.scopes, "the token is not for reading")
        return await self._cache.page(representations.root_for(token, media_type))

    async def _project(
        self, project: ProjectName, media_type: str
    ) -> tuple[Resource | Elsewhere, Freshness]:
        try:
            return await self._cache.page(representations.project_page(project, media_type))
        except NotFound:
            return Elsewhere(await self._upstream_page(project)), "read"

    async def _upstream_page(self, project: ProjectName) -> str:
        """Return where an unknown project's page is, unless it could be one of ours.

        :raises NotFound: if there is no upstream, or the name must not be looked for there.
        :raises CloudError: if nobody can say.
        """
        address = self._upstream.page_of(project) if self._upstream else None
        if address is None:
            raise NotFound("no such project")
        blocked, _ = await self._blocked.get()
        is_ours = blocked.knows(project) or await has_page(self._static, project)
        _require(not is_ours, "the project is, or was, one of ours")
        return address

    async def _read(self, key: Key, last: Resource | None) -> Resource:
        """Read a page; ``last`` is what was read before, or None."""
        if key.token is not None:
            return await self._scoped(key, key.token, last)
        if last is None:
            return representations.page(key, await self._static.read(key.name))
        changed = await self._static.changed(key.name, last.generation)
        return representations.page(key, changed) if changed else last

    async def _scoped(self, key: Key, token: Token, last: Resource | None) -> Resource:
        """Make a token's own list of projects, unless the whole one is what it was."""
        whole, freshness = await self._cache.page(representations.root(JSON))
        if last is not None and last.generation == whole.generation:
            if freshness == "stale":
                raise Unavailable(key.name, "the whole list is stale")
            return last
        everything = whole.body if isinstance(whole.body, bytes) else b""
        # Beside the event loop: 100 000 projects take 0.4 s.
        body = await asyncio.to_thread(scoped_root, everything, token, key.media_type)
        return representations.page(key, StoredObject(whole.generation, body))


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise NotFound(reason)
