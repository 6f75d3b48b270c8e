"""Application of the upload service: a table of routes, the access log, and a lifespan."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.middleware import Middleware
from starlette.routing import Route, Router

from upload.commands import command_routes
from upload.commands.command_intake import CommandIntake
from upload.direct import direct_handler
from upload.direct.direct_handler import DirectPublication
from upload.http.routes import RouteFactory
from upload.http.upload_endpoints import HolderAuthenticator, create_probe, is_running
from upload.http.upload_log import UploadLog
from upload.legacy.legacy_handler import LegacyUploads
from upload.minting import mint_routes
from upload.minting.mint_routes import MintEndpoints
from upload.settings import Settings


@dataclass(frozen=True, slots=True)
class Protocols:
    """Handlers of the protocols of clients."""

    legacy: LegacyUploads
    direct: DirectPublication
    minting: MintEndpoints
    commands: CommandIntake


def create_routes(
    routes: RouteFactory, protocols: Protocols, is_ready: Callable[[], Awaitable[bool]]
) -> list[Route]:
    """Return the routes; the router tries them in this order."""
    return [
        routes.create_for_holders("/legacy/", protocols.legacy.receive_form),
        *direct_handler.create_routes(routes, protocols.direct),
        *command_routes.create_routes(routes, protocols.commands),
        *mint_routes.create_routes(routes, protocols.minting),
        routes.create_public("/health", create_probe(is_running, "Not alive."), "GET", "HEAD"),
        routes.create_public("/ready", create_probe(is_ready, "No tokens yet."), "GET", "HEAD"),
    ]


def create_app(
    settings: Settings,
    authenticator: HolderAuthenticator,
    protocols: Protocols,
    *,
    close: Callable[[], Awaitable[None]],
) -> Router:
    """Create the application. It is Starlette's router, as in the proxy (ADR 8).

    :param close: function that closes the clients of Google Cloud after the last request.
    """
    routes = RouteFactory(
        authenticator,
        idle_timeout=settings.idle_timeout,
        max_file_size=settings.max_file_size,
        addresses=settings.describe_addresses(),
    )

    @asynccontextmanager
    async def lifespan(app: Router) -> AsyncIterator[None]:
        """Read the tokens at the start. Without them the service starts, but is not ready."""
        await authenticator.is_ready()
        try:
            yield
        finally:
            await close()

    return Router(
        create_routes(routes, protocols, authenticator.is_ready),
        default=routes.create_default(),
        redirect_slashes=False,
        middleware=[Middleware(UploadLog, settings.gcp_project)],
        lifespan=lifespan,
    )
