"""The icon of the index for browsers, ``/favicon.ico``."""

from base64 import b64decode

from starlette.responses import Response

from proxy.http.endpoints import Endpoint
from proxy.http.requests import IndexRequest
from proxy.index.resources import create_resource, respond
from schemas.types import Generation

_ICO = b64decode(
    "AAABAAEAICAAAAEAAgCEAAAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAAgAAAAIAIDAAAADhSSZwAAAAxQTFRFAAAA"
    "H055S4u+/9Q7t7RgRgAAAAF0Uk5TAEDm2GYAAAAmSURBVHjaY2AgBXCtWrX/36pVC8hkMISG1v8NDWUgnwECVGQQ"
    "BgD7SUkIBV7hdAAAAABJRU5ErkJggg=="
)
"""A parcel of 32 x 32 pixels."""
_ICON = create_resource(
    _ICO,
    len(_ICO),
    Generation(0),
    etag='"1"',
    media_type="image/vnd.microsoft.icon",
    cache_control="public, max-age=86400",
    extra={},
)


class IconEndpoint(Endpoint):
    """Endpoint of the icon, without a token.

    Browsers request the icon before the user has entered the token. It reveals nothing.
    """

    async def respond(self, request: IndexRequest) -> Response:
        """Return the icon."""
        request.check_limits()
        return respond(_ICON, request)
