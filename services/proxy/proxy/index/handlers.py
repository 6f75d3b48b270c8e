"""Handlers of the routes. Each finds a page or a file within the scope of a token."""

from starlette.responses import Response

from access.refresh import RefreshingValue
from cloud.errors import NotFound
from proxy.http.paths import parse_file
from proxy.http.requests import IndexRequest
from proxy.http.responses import ClosingResponse, redirect_temporarily
from proxy.index import representations
from proxy.index.blocking import BlockList
from proxy.index.files import Files
from proxy.index.representations import Key
from proxy.index.resources import Resource, respond
from proxy.index.signed import SignedUrls
from proxy.index.static_pages import Pages
from proxy.index.upstream import Upstream
from schemas.holders import READ, Holder
from schemas.names import Filename, ProjectName


class Index:
    """Index of pages and files.

    :param blocked: the files that must not be served.
    :param description: the description of the index for command-line tools.
    :param upstream: the index for unknown projects, if any.
    :param signed_urls: the signed URLs of files, if files are not streamed.
    :param max_length: the largest Content-Length of a streamed file, in bytes. A longer response
        is sent without the field.
    """

    def __init__(
        self,
        pages: Pages,
        files: Files,
        blocked: RefreshingValue[BlockList],
        description: Resource,
        *,
        upstream: Upstream | None = None,
        signed_urls: SignedUrls | None = None,
        max_length: int | None = None,
    ) -> None:
        self._pages, self._files, self._blocked = pages, files, blocked
        self._description = description
        self._upstream, self._signed_urls, self._max_length = upstream, signed_urls, max_length

    async def list_projects(self, request: IndexRequest, holder: Holder) -> Response:
        """Send ``/simple/``, the list of projects (PEP 503)."""
        media_type = request.negotiate_media_type()
        _require(READ in holder.scopes, "the token is not for reading")
        whole = representations.create_project_list_key(media_type)
        key = representations.scope_key(whole, holder)
        return respond(await self._pages.select(key, request), request)

    async def redirect_to_list(self, request: IndexRequest, holder: Holder) -> Response:
        """Redirect ``/simple`` to the list of projects."""
        return request.redirect_to("/simple/")

    async def show_project(self, request: IndexRequest, holder: Holder) -> Response:
        """Send ``/simple/<project>/``, the page of a project (PEP 503, PEP 691)."""
        project = request.find_project()
        if project != request.path_params["project"]:
            return await self.redirect_to_project(request, holder)
        if not holder.can_read(project):
            _require(READ in holder.scopes, "the token is not for reading")
            return await self._redirect_upstream(project, request)
        key = representations.create_project_page_key(project, request.negotiate_media_type())
        try:
            return respond(await self._pages.select(key, request), request)
        except NotFound:
            return await self._redirect_upstream(project, request)

    async def redirect_to_project(self, request: IndexRequest, holder: Holder) -> Response:
        """Redirect to the page of a project under its normalised name, in one step."""
        return request.redirect_to(f"/simple/{request.find_project()}/")

    async def describe(self, request: IndexRequest, holder: Holder) -> Response:
        """Send ``/.well-known/gcpypi.json``, the names of the parts of the index.

        A token without a scope is revoked.
        """
        _require(bool(holder.scopes), "the token has no scope")
        return respond(self._description, request)

    async def send_file(self, request: IndexRequest, holder: Holder) -> Response:
        """Send ``/packages/<filename>``, a distribution file, or redirect to its signed URL.

        Only a plain GET is redirected, because pip needs a direct response to a HEAD and parts are
        small (item 50 of ``docs/conformance.md``).
        """
        filename = await self._find_file(request, holder)
        key = representations.create_file_key(filename)
        is_plain_get = request.method == "GET" and request.fields.keys().isdisjoint(
            ("range", "if-none-match")
        )
        if self._signed_urls is None or not is_plain_get:
            return await self._send_file(key, request)
        _, request.record.cache = await self._files.describe(key)
        return redirect_temporarily(await self._signed_urls.get(filename))

    async def send_core_metadata(self, request: IndexRequest, holder: Holder) -> Response:
        """Send ``/packages/<filename>.metadata``, the METADATA of a file (PEP 658)."""
        filename = await self._find_file(request, holder)
        return await self._send_file(representations.create_core_metadata_key(filename), request)

    async def _redirect_upstream(self, project: ProjectName, request: IndexRequest) -> Response:
        """Redirect to the upstream page of a project that is not in this index.

        The scopes of tokens do not matter: they are for the projects of this index.
        """
        if self._upstream is None:
            raise NotFound("no upstream index")
        request.record.cache = "read"
        blocked, _ = await self._blocked.get()
        return redirect_temporarily(await self._upstream.find(project, blocked))

    async def _find_file(self, request: IndexRequest, holder: Holder) -> Filename:
        """Return the requested file name. Raise ``NotFound`` if it is out of scope or blocked."""
        project, filename = parse_file(request.path_params["filename"])
        request.record.project, request.record.file = project, filename
        _require(holder.can_read(project), "the project is out of the token's scope")
        blocked = self._blocked.get_fresh() or (await self._blocked.get())[0]
        _require(not blocked.is_blocked(project, filename), "the file is blocked")
        return filename

    async def _send_file(self, key: Key, request: IndexRequest) -> Response:
        if request.method == "HEAD":
            file, request.record.cache = await self._files.describe(key)
            return respond(file, request)
        range_field = request.fields.get("range", "")
        file, download, request.record.cache = await self._files.find(key, range_field)
        response = respond(file, request, download, self._max_length)
        return response if download is None else ClosingResponse(response, download)


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise NotFound(reason)
