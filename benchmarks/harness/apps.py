"""Two minimal servers that limit the speed of the proxy: bare ASGI and bare Starlette.

    python -m benchmarks.harness.apps asgi|starlette SITE PORT

Both check the same token, return the same bytes and write the same access-log line as the proxy,
under the same uvicorn. ``TOKEN_DIGEST`` has the digest of the token. All content is in memory.
"""

import argparse
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from access.authentication import parse_credential
from chassis import logs
from proxy.http.access_log import AccessRecord
from proxy.http.requests import join_fields
from proxy.main import KEEP_ALIVE
from schemas.headers import HTML, SIMPLE_JSON
from schemas.tokens import hash_token

DIGEST = os.environ.get("TOKEN_DIGEST", "")


@dataclass(frozen=True, slots=True)
class StaticContent:
    """Content of an address."""

    body: bytes
    etag: str
    media_type: str
    name: str
    """Project or file name for the access log."""

    @classmethod
    def from_file(cls, path: str, file: Path, media_type: str) -> "StaticContent":
        """Read a file once."""
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return cls(body, etag, media_type, path.strip("/").rpartition("/")[2])

    def make_fields(self) -> dict[str, str]:
        """Return the header fields without the length."""
        return {
            "content-type": self.media_type,
            "etag": self.etag,
            "vary": "Accept",
            "cache-control": "private, no-cache",
            "x-content-type-options": "nosniff",
        }


Pages = dict[tuple[str, bool], StaticContent]
"""Content by path and by format (true for JSON)."""


def read_pages(site: Path) -> Pages:
    """Read all pages and files of the index."""
    pages: Pages = {}
    for file in (site / "static" / "simple").rglob("index.*"):
        folder = file.parent.relative_to(site / "static")
        path, is_json = f"/{folder}/", file.suffix == ".json"
        pages[path, is_json] = StaticContent.from_file(path, file, SIMPLE_JSON if is_json else HTML)
    for file in (site / "packages").iterdir():
        path = f"/packages/{file.name}"
        page = StaticContent.from_file(path, file, "application/octet-stream")
        pages[path, False] = pages[path, True] = page
    return pages


def is_known(authorization: str) -> bool:
    """Check the token."""
    return hmac.compare_digest(hash_token(parse_credential(authorization) or ""), DIGEST)


def log_response(scope: Scope, page: StaticContent, status: int, sent: int) -> None:
    """Write the line of the access log."""
    record = AccessRecord(
        "bench", project=page.name, cache="hit", status=status, sent=sent, is_complete=True
    )
    record.write(scope, "bench", 0.001)


def make_asgi_app(pages: Pages) -> ASGIApp:
    """Make the minimal ASGI application."""

    def encode_fields(page: StaticContent) -> list[tuple[bytes, bytes]]:
        fields = {**page.make_fields(), "content-length": str(len(page.body))}
        return [(name.encode(), value.encode()) for name, value in fields.items()]

    ready = {key: encode_fields(page) for key, page in pages.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = join_fields(scope["headers"])
        key = scope["path"], "json" in headers.get("accept", "")
        page, fields, body, status = pages[key], ready[key], pages[key].body, 200
        if not is_known(headers.get("authorization", "")):
            fields, body, status = [], b"", 401
        elif headers.get("if-none-match") == page.etag:
            fields, body, status = fields[:-1], b"", 304
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})
        log_response(scope, page, status, len(body))

    return app


def make_starlette_app(pages: Pages) -> ASGIApp:
    """Make a Starlette application with a router, a request and a response object."""

    async def serve(request: Request) -> Response:
        page = pages[request.url.path, "json" in request.headers.get("accept", "")]
        response = Response(page.body, 200, page.make_fields())
        if not is_known(request.headers.get("authorization", "")):
            response = Response(status_code=401)
        elif request.headers.get("if-none-match") == page.etag:
            response = Response(status_code=304, headers=page.make_fields())
        log_response(request.scope, page, response.status_code, len(response.body))
        return response

    addresses = ("/simple/", "/simple/{project}/", "/packages/{filename}")
    return Starlette(routes=[Route(address, serve) for address in addresses])


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("asgi", "starlette"))
    parser.add_argument("site", type=Path)
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    logs.configure()
    uvicorn.run(
        {"asgi": make_asgi_app, "starlette": make_starlette_app}[options.kind](
            read_pages(options.site)
        ),
        host="127.0.0.1",
        port=options.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        http="httptools",
        timeout_keep_alive=KEEP_ALIVE,
    )


if __name__ == "__main__":
    main()
