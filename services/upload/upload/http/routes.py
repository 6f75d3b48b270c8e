"""Factory of the routes, with the limits and the sentences that all routes share."""

from collections.abc import Collection

from starlette.responses import Response
from starlette.routing import Route

from upload.http.errors import UnknownPath
from upload.http.request_body import FORM_OVERHEAD
from upload.http.upload_endpoints import (
    HolderAuthenticator,
    HolderEndpoint,
    HolderHandler,
    PublicEndpoint,
    PublicHandler,
)
from upload.http.upload_requests import UploadRequest


class RouteFactory:
    """Factory of the routes of one application.

    :param idle_timeout: seconds after which an idle client is cut off.
    :param max_file_size: bytes.
    :param addresses: sentence about the addresses of the index.
    """

    def __init__(
        self,
        authenticator: HolderAuthenticator,
        *,
        idle_timeout: float,
        max_file_size: int,
        addresses: str,
    ) -> None:
        self._authenticator, self._idle_timeout = authenticator, idle_timeout
        self._drain_limit, self._addresses = max_file_size + FORM_OVERHEAD, addresses

    def create_public(self, path: str, handler: PublicHandler, *methods: str) -> Route:
        """Return a route without authentication."""
        endpoint = PublicEndpoint(handler, self._idle_timeout, self._addresses, methods)
        return Route(path, endpoint)

    def create_for_holders(
        self, path: str, handler: HolderHandler, methods: Collection[str] = ("POST",)
    ) -> Route:
        """Return a route for holders of a publishing credential."""
        endpoint = HolderEndpoint(
            self._authenticator,
            handler,
            self._idle_timeout,
            self._addresses,
            self._drain_limit,
            methods,
        )
        return Route(path, endpoint)

    def create_default(self) -> PublicEndpoint:
        """Return the endpoint of all paths without a route."""

        async def refuse(request: UploadRequest) -> Response:
            raise UnknownPath(f"the upload service has no such address. {self._addresses}")

        return PublicEndpoint(refuse, self._idle_timeout, self._addresses, methods=None)
