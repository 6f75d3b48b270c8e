"""Routes of trusted publishing, with the bodies of the public index.

Sources: the page "Internals and technical details" on trusted publishers of the public index, and
PEP 807 (draft).
"""

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, StrictStr, ValidationError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis import logs
from cloud.errors import CloudError
from upload.http.errors import UnknownPath
from upload.http.problems import COMMON
from upload.http.routes import RouteFactory
from upload.http.upload_requests import UploadRequest
from upload.minting.token_exchange import Exchange, ExchangeRefused, TokenExchange

logger = logging.getLogger(__name__)

MAX_BODY = 32 * 1024
"""Maximum size of a request, in bytes. An ID token has at most 8 KiB."""
_DRAIN_LIMIT = 1024 * 1024
_RETRY: Mapping[str, str] = {"retry-after": "5"}
AUDIENCE, MINT, BURN = "/_/oidc/audience", "/_/oidc/mint-token", "/_/oidc/burn-token"
DISCOVERY = "/.well-known/pytp"


class TokenBody(BaseModel):
    """Body of a request: an ID token, or a minted one."""

    token: StrictStr


class MintEndpoints:
    """Handlers of the routes.

    :param upload_url: the upload URL, which is the audience of the ID tokens.
    """

    def __init__(self, upload_url: str, exchange: TokenExchange) -> None:
        self._upload_url, self._exchange = upload_url, exchange
        parts = urlsplit(upload_url)
        self._origin, self._path = f"{parts.scheme}://{parts.netloc}", parts.path

    async def show_audience(self, request: UploadRequest) -> Response:
        """Return the audience for which a client requests its ID token."""
        return JSONResponse({"audience": self._upload_url}, headers=COMMON)

    async def mint(self, request: UploadRequest) -> Response:
        """Exchange the ID token in the body for a minted token."""
        try:
            exchange = await self._exchange.exchange(await _read_token(request))
        except ExchangeRefused as refused:
            return _refuse(request, refused)
        except CloudError as error:
            return _postpone(request, error)
        _record(request, exchange)
        expires = int(exchange.token.expires.timestamp())
        answer = {"success": True, "token": exchange.token.value, "expires": expires}
        return JSONResponse(answer, headers=COMMON)

    async def burn(self, request: UploadRequest) -> Response:
        """Accept the end of a minted token, which has no effect: it ends by itself."""
        try:
            await _read_token(request)
        except ExchangeRefused as refused:
            return _refuse(request, refused)
        return JSONResponse({"message": "Accepted"}, 202, COMMON)

    async def discover(self, request: UploadRequest) -> Response:
        """Return the URLs for a publish URL of this service (PEP 807)."""
        if request.query_params.get("discover") != self._path:
            raise UnknownPath(f"discover should be {self._path}, the path of {self._upload_url}")
        answer = {
            "audience-endpoint": f"{self._origin}{AUDIENCE}",
            "token-mint-endpoint": f"{self._origin}{MINT}",
        }
        return JSONResponse(answer, headers=COMMON)


def create_routes(routes: RouteFactory, endpoints: MintEndpoints) -> list[Route]:
    """Return the routes of trusted publishing."""
    return [
        routes.create_public(AUDIENCE, endpoints.show_audience, "GET", "HEAD"),
        routes.create_public(MINT, endpoints.mint, "POST"),
        routes.create_public(BURN, endpoints.burn, "POST"),
        routes.create_public(DISCOVERY, endpoints.discover, "GET", "HEAD"),
    ]


async def _read_token(request: UploadRequest) -> str:
    body = await request.content.read_whole(MAX_BODY)
    if body is None:
        await request.content.drain(_DRAIN_LIMIT)
        raise ExchangeRefused("invalid-payload", f"the body is larger than {MAX_BODY} bytes")
    try:
        return TokenBody.model_validate_json(body).token
    except ValidationError as error:
        raise ExchangeRefused(
            "invalid-payload", 'the body should be JSON: {"token": "<ID token>"}'
        ) from error


def _refuse(request: UploadRequest, refused: ExchangeRefused) -> Response:
    request.facts.reason = refused.code
    return _create_response(422, refused.code, refused.description)


def _postpone(request: UploadRequest, error: CloudError) -> Response:
    """Return the answer to a fault of the issuer or of Google Cloud. The ID token stays unused."""
    request.facts.reason, request.facts.error = "unavailable", error
    description = "the issuer or Google Cloud did not answer in time: repeat the command"
    return _create_response(503, "unavailable", description, _RETRY)


def _create_response(
    status: int, code: str, description: str, fields: Mapping[str, str] | None = None
) -> Response:
    errors = [{"code": code, "description": description}]
    answer = {"message": "Token request failed", "errors": errors}
    return JSONResponse(answer, status, {**COMMON, **(fields or {})})


def _record(request: UploadRequest, exchange: Exchange) -> None:
    """Write who got a token into the log, never the token."""
    identity = exchange.identity
    request.facts.holder, request.facts.uploader = identity.name, identity.uploader
    facts = {"identity": identity.name, "uploader": identity.uploader, "claims": exchange.facts}
    logs.write(logger, logging.INFO, f"minted a token for {identity.name}", facts)
