"""Loopback server with the pages of an index, for commands in the process of a test."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"

Files = Sequence[Mapping[str, object]]


class LoopbackIndex:
    """Pages and redirects by path."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/simple/"
        self.pages: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.media_type = SIMPLE_JSON
        self.credentials: dict[str, str | None] = {}
        """``Authorization`` of the last request by path."""

    def add(
        self, project: str, files: Files = (), status: str = "active", reason: str = ""
    ) -> None:
        """Add the page of a project."""
        page = {
            "meta": {"api-version": "1.4"},
            "name": project,
            "project-status": {"status": status, **({"reason": reason} if reason else {})},
            "versions": [],
            "files": files,
        }
        self.pages[f"/simple/{project}/"] = json.dumps(page).encode()
        names = [path.split("/")[2] for path in self.pages if path.startswith("/simple/a")]
        root = {"meta": {"api-version": "1.4"}, "projects": [{"name": name} for name in names]}
        self.pages["/simple/"] = json.dumps(root).encode()


def describe_file(filename: str, **facts: object) -> Mapping[str, object]:
    """Return a file for :meth:`LoopbackIndex.add`; a hyphen in the name of a fact is ``_``."""
    return {
        "filename": filename,
        "url": f"../../packages/{filename}",
        "hashes": {"sha256": "ab" * 32},
        "size": 1500,
        "upload-time": "2026-11-28T12:00:00Z",
        **{name.replace("_", "-"): value for name, value in facts.items()},
    }


@contextmanager
def serve_index() -> Iterator[LoopbackIndex]:
    """Serve the pages of an index that is empty at first."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.credentials[self.path] = self.headers["Authorization"]
            location, body = index.redirects.get(self.path), index.pages.get(self.path)
            self.send_response(307 if location else 404 if body is None else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", index.media_type)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index = LoopbackIndex(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
