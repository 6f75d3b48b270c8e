"""Server of rendered pages with the policies of the proxy, below a path prefix."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from starlette.responses import Response

PREFIX = "/packages/index/"
"""Path of the home page: an index works below any path."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy of the proxy for pages for people."""
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "xml": "application/atom+xml",
}


@dataclass
class PageServer:
    """Running server of rendered pages."""

    url: str
    """URL of the home page."""
    pages: Mapping[str, bytes]
    """Pages by the name of their object."""
    responses: Mapping[str, Response] = field(default_factory=dict)
    """Whole responses of the proxy by their paths from the home page."""
    paths: list[str] = field(default_factory=list)
    """Paths of all requests."""


@contextmanager
def serve_pages(
    pages: Mapping[str, bytes], responses: Mapping[str, Response] | None = None
) -> Iterator[PageServer]:
    """Serve pages on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http_server:
        url = f"http://127.0.0.1:{http_server.server_port}{PREFIX}"
        server = PageServer(url, pages, responses or {})
        http_server.page_server = server  # type: ignore[attr-defined]
        thread = threading.Thread(target=http_server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http_server.shutdown()
            thread.join()


def locate_page(path: str) -> str:
    """Return the name of the object behind a path, as the proxy does."""
    name = unquote(urlsplit(path).path).removeprefix(PREFIX)
    if name == "projects/":
        return f"{name}page1.html"
    return f"{name}index.html" if name.endswith("/") or not name else name


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: PageServer = self.server.page_server  # type: ignore[attr-defined]
        server.paths.append(self.path)
        if response := server.responses.get(self.path.removeprefix(PREFIX)):
            return self._send(response)
        name = locate_page(self.path)
        data = server.pages.get(name) if self.path.startswith(PREFIX) else None
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Type", _MEDIA_TYPES.get(name.rpartition(".")[2], "text/plain"))
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def _send(self, response: Response) -> None:
        """Send a response with its own status and header fields."""
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(bytes(response.body))

    def log_message(self, format: str, *args: object) -> None:
        pass
