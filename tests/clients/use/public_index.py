"""Stand-in for a public index, which counts the projects that it is asked for."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from testing.fakes.small_wheels import build_wheel, wheel_filename

NEVER = "99.0"
"""Version of the attacker's releases of private names, higher than every private one."""
HOST = "127.0.0.2"
"""Host of the public index: not that of the private one, because clients read netrc by host."""
PRIVATE = ("acme_tool", "acme_core", "acme_future")
"""Private names. The private index has the first two; the attacker has registered all of them."""


def make_files() -> dict[str, bytes]:
    """Return the files of the public index by name."""
    requires = "Requires-Dist: pub-base\n"
    return {
        wheel_filename("pub_tool"): build_wheel("pub_tool", metadata=requires),
        wheel_filename("pub_base"): build_wheel("pub_base"),
        **{wheel_filename(name, NEVER): build_wheel(name, NEVER) for name in PRIVATE},
    }


@dataclass
class PublicIndex:
    """Running index without credentials."""

    url: str = ""
    """URL that ends in ``/simple/``."""
    asked: set[str] = field(default_factory=set)
    """Projects whose pages were requested."""
    credentials: set[str] = field(default_factory=set)
    """``Authorization`` headers of the requests."""

    @property
    def private_names(self) -> set[str]:
        """Private names that were requested."""
        return {name for name in self.asked if name.startswith("acme")}

    def clear(self) -> None:
        """Forget all requests."""
        self.asked.clear()
        self.credentials.clear()


@contextmanager
def run_public_index() -> Iterator[PublicIndex]:
    """Serve pages and files on a free port of the loopback."""
    files, index = make_files(), PublicIndex()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if credentials := self.headers["Authorization"]:
                index.credentials.add(credentials)
            kind, _, name = path.strip("/").partition("/")
            if kind == "simple":
                index.asked.add(name)
                return self._send(_render_page(files, index.url, name), "text/html")
            return self._send(files.get(name, b""), "application/octet-stream")

        do_HEAD = do_GET

        def _send(self, body: bytes, content_type: str) -> None:
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write no access log."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        index.url = f"http://{HOST}:{server.server_port}/simple/"
        try:
            yield index
        finally:
            server.shutdown()


def _render_page(files: dict[str, bytes], url: str, project: str) -> bytes:
    """Render a page with absolute links, as public indexes do; empty for an unknown project."""
    stem, base = project.replace("-", "_"), url.replace("/simple/", "/files/")
    links = [
        f'<a href="{base}{name}#sha256={hashlib.sha256(data).hexdigest()}">{name}</a>'
        for name, data in files.items()
        if name.startswith(f"{stem}-")
    ]
    return f"<!DOCTYPE html>\n{'<br>'.join(links)}\n".encode() if links else b""
