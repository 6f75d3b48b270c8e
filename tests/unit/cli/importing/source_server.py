"""Small index on the loopback: pages of the simple API, files, credentials and failures."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread

from schemas.names import normalize_project

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class SourceServer:
    """Running index. Its fields can change while it runs."""

    url: str = ""
    """URL that ends in ``/simple/``."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Files by name; the project is the part before the first hyphen."""
    facts: dict[str, dict[str, object]] = field(default_factory=dict)
    """Values of the files on the page, in place of the correct ones."""
    status: dict[str, str] = field(default_factory=dict)
    """Status marker of a project."""
    login: str | None = None
    """Required ``user:password``."""
    html: bool = False
    """True for pages of HTML only."""
    broken: set[str] = field(default_factory=set)
    """Paths that are answered with 500."""
    encoding: str | None = None
    """``Content-Encoding`` in the responses of files that are stored so."""
    other: str | None = None
    """URL of the files, if they are at another host."""
    documents: dict[str, object] = field(default_factory=dict)
    """Other documents of JSON by path."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Media types of the other documents, by path."""
    absent: set[str] = field(default_factory=set)
    """Paths that are answered with 404."""
    slow: Event | None = None
    """If set: files are answered after this event."""
    arrived: Event | None = None
    """Event of the first request of a file."""
    together: Barrier | None = None
    """If set: each page of a project is answered when as many of them are requested."""
    denies_writes: bool = False
    """True to answer each POST with 403, like Cloud Storage without rights."""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and ``Authorization`` of each request."""

    def describe_file(self, name: str, data: bytes) -> dict[str, object]:
        base = self.other or "/files/"
        hashes = {"sha256": hashlib.sha256(data).hexdigest()}
        return {
            "filename": name,
            "url": f"{base}{name}",
            "hashes": hashes,
            **self.facts.get(name, {}),
        }

    def respond(self, path: str) -> tuple[int, str, bytes]:
        """Return status, media type and body."""
        if path in self.broken:
            return 500, "text/plain", b"broken"
        if path in self.absent:
            return 404, "text/plain", b"absent"
        if path in self.documents:
            kind = self.kinds.get(path, JSON if "/+simple/" in path else "application/json")
            return 200, kind, json.dumps(self.documents[path]).encode()
        kind, _, name = path.strip("/").partition("/")
        if kind == "files" and name in self.files:
            if self.slow and self.arrived:
                self.arrived.set()
                self.slow.wait(300)
            return 200, "application/octet-stream", self.files[name]
        if kind != "simple":
            return 404, "text/plain", b"absent"
        names: set[str] = {normalize_project(each.split("-")[0]) for each in self.files}
        if name and self.together:
            self.together.wait(600)
        if name and name not in names:
            return 404, "text/plain", b"absent"
        return self._render_html(name) if self.html else self._render_json(name, names)

    def _render_json(self, project: str, names: set[str]) -> tuple[int, str, bytes]:
        page: dict[str, object] = {"meta": {"api-version": "1.4"}}
        if project:
            files = [self.describe_file(*each) for each in self._list(project)]
            page |= {"name": project, "files": files, "versions": []}
            if project in self.status:
                page["project-status"] = {"status": self.status[project]}
        else:
            page["projects"] = [{"name": each} for each in sorted(names)]
        return 200, JSON, json.dumps(page).encode()

    def _render_html(self, project: str) -> tuple[int, str, bytes]:
        links = [
            f'<a href="/files/{name}#md5={hashlib.md5(data).hexdigest()}">{name}</a>'  # noqa: S324
            for name, data in self._list(project)
        ]
        if not project:
            found = {normalize_project(name.split("-")[0]) for name in self.files}
            links = [f'<a href="{each}/">{each}</a>' for each in found]
        return 200, "text/html", f"<!DOCTYPE html><body>{''.join(links)}</body>".encode()

    def _list(self, project: str) -> list[tuple[str, bytes]]:
        return [
            each
            for each in sorted(self.files.items())
            if normalize_project(each[0].split("-")[0]) == project
        ]


@contextmanager
def run_source() -> Iterator[SourceServer]:
    """Serve an empty index on a free port of the loopback."""
    source = SourceServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            authorization = self.headers["Authorization"]
            source.requests.append((self.path, authorization))
            wanted = source.login and f"Basic {base64.b64encode(source.login.encode()).decode()}"
            answer = (401, "text/plain", b"who?")
            status, kind, body = (
                answer if wanted not in (None, authorization) else source.respond(self.path)
            )
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if source.encoding and kind == "application/octet-stream":
                self.send_header("Content-Encoding", source.encoding)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403 if source.denies_writes else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Write no access log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        source.url = f"http://127.0.0.1:{server.server_port}/simple/"
        try:
            yield source
        finally:
            server.shutdown()


def compress(data: bytes) -> bytes:
    """Return data as a gzip stream, which a client must not unpack."""
    return gzip.compress(data)
