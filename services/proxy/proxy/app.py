"""Application of the proxy: a table of routes, the access log as middleware, and a lifespan."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.middleware import Middleware
from starlette.routing import Match, Route, Router
from starlette.types import Scope

from access.authentication import Authenticator
from proxy.http.access_log import AccessLog
from proxy.http.cors import create_cors
from proxy.http.endpoints import Handler, ProbeEndpoint, TokenEndpoint, is_alive
from proxy.http.error_responses import ErrorResponses, create_error_responses
from proxy.index.handlers import Index
from proxy.index.icon import IconEndpoint
from proxy.pages.page_handlers import PageHandlers
from schemas.discovery import IndexDescription


def create_routes(
    index: Index, pages: PageHandlers, authenticator: Authenticator, responses: ErrorResponses
) -> list[Route]:
    """Return the routes of the index; the router tries them in this order."""

    def create_route(path: str, handler: Handler) -> Route:
        return Route(path, TokenEndpoint(authenticator, handler, responses))

    return [
        create_route("/simple/{project}/", index.show_project),
        create_route("/packages/{filename}.metadata", index.send_core_metadata),
        create_route("/packages/{filename}", index.send_file),
        create_route("/simple/", index.list_projects),
        create_route("/simple/index.html", index.redirect_to_list),
        create_route("/simple/{project}", index.redirect_to_project),
        create_route("/simple", index.redirect_to_list),
        create_route("/static/{digest}/{name}", pages.send_asset),
        *(create_route(page.path.text, pages.create_handler(page)) for page in pages.table),
        create_route("/changelog/page{number}.html", pages.redirect_to_changes),
        create_route(f"/{IndexDescription.path}", index.describe),
        ExactRoute("/health", ProbeEndpoint(is_alive, "Not alive.")),
        ExactRoute("/ready", ProbeEndpoint(authenticator.is_ready, "No tokens yet.")),
        ExactRoute("/favicon.ico", IconEndpoint()),
    ]


def create_app(
    index: Index,
    pages: PageHandlers,
    authenticator: Authenticator,
    *,
    gcp_project: str,
    close: Callable[[], Awaitable[None]],
    cors_origins: Sequence[str] = (),
    upload_url: str | None = None,
) -> Router:
    """Create the application.

    The application is Starlette's router, because the ``Starlette`` class would add two middlewares
    to each request (``docs/adr/0008-starlettes-router-in-the-proxy.md``).

    :param gcp_project: the Google Cloud project, for the trace in the access log.
    :param close: function that closes the clients of the index after the last request.
    :param cors_origins: the origins of browser apps that may read the index.
    :param upload_url: the URL of the upload service, for the sentences about wrong addresses.
    """
    responses = create_error_responses(upload_url)

    @asynccontextmanager
    async def lifespan(app: Router) -> AsyncIterator[None]:
        """Read the tokens at the start. Without them the proxy starts, but is not ready."""
        await authenticator.is_ready()
        try:
            yield
        finally:
            await close()

    return Router(
        create_routes(index, pages, authenticator, responses),
        default=TokenEndpoint(authenticator, pages.redirect_to_canonical_path, responses),
        redirect_slashes=False,
        middleware=[Middleware(AccessLog, gcp_project), *create_cors(cors_origins)],
        lifespan=lifespan,
    )


class ExactRoute(Route):
    """Route that matches only the exact bytes of its path, without percent-decoding."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Compare the raw path before the decoded path."""
        if scope["raw_path"] != self.path.encode():
            return Match.NONE, {}
        return super().matches(scope)
