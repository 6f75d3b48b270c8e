"""Handlers of the pages for people. Each finds a page within the scope of a token."""

import asyncio
from functools import partial
from urllib.parse import quote

from starlette.responses import Response

from cloud.errors import NotFound
from proxy.http.endpoints import Handler
from proxy.http.paths import parse_asset
from proxy.http.requests import IndexRequest
from proxy.index.representations import create_project_page_key, scope_key
from proxy.index.resources import respond
from proxy.index.static_pages import Pages
from proxy.pages.page_table import (
    PART_OF_LIST,
    Audience,
    ServedPage,
    create_asset_key,
    create_page_key,
    create_page_table,
)
from proxy.pages.path_templates import Parameters, find_canonical_path
from proxy.pages.version_spellings import find_spelling
from schemas.headers import SIMPLE_JSON
from schemas.holders import READ, Holder
from schemas.names import ProjectName, Version


class PageHandlers:
    """Handlers of the pages for people.

    :param remote_images: whether descriptions can show images of other hosts.
    """

    def __init__(self, pages: Pages, *, remote_images: bool = False) -> None:
        self._pages = pages
        self.table = create_page_table(remote_images=remote_images)
        """The pages. The first one that matches a path applies."""

    def create_handler(self, page: ServedPage) -> Handler:
        """Return the handler of a page."""
        return partial(self._show, page)

    async def send_asset(self, request: IndexRequest, holder: Holder) -> Response:
        """Send ``/static/<digest>/<name>``, a style sheet, script or icon of the pages."""
        digest, name = parse_asset(request.path_params["digest"], request.path_params["name"])
        _require_access(Audience.READERS, holder)
        return respond(await self._pages.select(create_asset_key(digest, name), request), request)

    async def redirect_to_changes(self, request: IndexRequest, holder: Holder) -> Response:
        """Redirect ``/changelog/page<number>.html`` of earlier releases to ``/changes/``."""
        return request.redirect_to("/changes/")

    async def redirect_to_canonical_path(self, request: IndexRequest, holder: Holder) -> Response:
        """Redirect another spelling of a path, if no route matches.

        :raises NotFound: if the path is no such spelling.
        """
        templates = (page.path for page in self.table)
        return request.redirect_to(find_canonical_path(request.scope["path"], templates))

    async def _show(self, page: ServedPage, request: IndexRequest, holder: Holder) -> Response:
        """Send a page, or redirect to its canonical path."""
        try:
            parameters = page.path.parse(request.path_params)
        except NotFound:
            if "version" not in request.path_params:
                raise
            # For example, feed.xml with a slash is no version.
            return await self.redirect_to_canonical_path(request, holder)
        project = request.find_project() if "project" in parameters else None
        path = page.path.format(parameters)
        if path != request.scope["path"]:
            return request.redirect_to(quote(path))
        _require_access(page.audience, holder, project)
        key = create_page_key(page, **parameters)
        if page.audience is Audience.SCOPED and not holder.can_read_everything():
            key = scope_key(PART_OF_LIST.get(key.name, key), holder)
        try:
            return respond(await self._pages.select(key, request), request)
        except NotFound:
            if project is None or "version" not in parameters:
                raise
            return request.redirect_to(await self._find_release(page, project, parameters))

    async def _find_release(
        self, page: ServedPage, project: ProjectName, parameters: Parameters
    ) -> str:
        """Return the path of a release in the spelling of its files, such as 1.0 for 1.0.0.

        :raises NotFound: if the project has no such release.
        """
        listed, _ = await self._pages.find(create_project_page_key(project, SIMPLE_JSON))
        version = Version(str(parameters["version"]))
        # Use a thread, because the page of a project can have some megabytes.
        spelling = await asyncio.to_thread(find_spelling, listed.body or b"", project, version)
        return quote(page.path.format({**parameters, "version": spelling}))


def _require_access(audience: Audience, holder: Holder, project: ProjectName | None = None) -> None:
    """Check that a token can read a page.

    :raises NotFound: if it cannot.
    """
    if audience is Audience.PROJECT:
        permitted = project is not None and holder.can_read(project)
    elif audience is Audience.WHOLE_INDEX:
        permitted = holder.can_read_everything()
    else:
        permitted = READ in holder.scopes
    if not permitted:
        raise NotFound("the page is out of the token's scope")
