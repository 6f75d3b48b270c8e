"""Cross-origin requests of browser apps: https://fetch.spec.whatwg.org/#http-cors-protocol."""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

REQUEST_FIELDS = ("Accept", "Authorization", "If-None-Match", "If-Range", "Range")
"""Header fields that an app may send: those that change a response of the index."""
RESPONSE_FIELDS = ("ETag", "Accept-Ranges", "Content-Range", "Retry-After")
"""Header fields that an app may read, in addition to those that browsers always let it read
(CORS-safelisted)."""


def create_cors(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware for apps of these origins; none without an origin.

    It answers preflights without a token, because browsers send none, and adds the fields to every
    response, also to errors. Browsers never add their own stored credentials: an app sends the
    token itself.
    """
    if not origins:
        return []
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=("GET", "HEAD"),
        allow_headers=REQUEST_FIELDS,
        allow_credentials=False,
        expose_headers=RESPONSE_FIELDS,
    )
    return [cors]
