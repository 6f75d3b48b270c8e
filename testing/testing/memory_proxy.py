"""The proxy on fakes: two buckets in memory, a secret, a manual clock."""

import asyncio
import base64
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any, TypeVar
from urllib.parse import unquote

import pytest
from starlette.routing import Router
from starlette.types import Message

from access.identities.issuer_keys import FetchKeys
from access.identities.json_web_keys import IssuerKeySet
from access.token_set import TokenSet
from cloud.errors import CloudError, Unavailable
from cloud.ports import Headers
from proxy.main import Clients, build_app
from proxy.settings import Settings
from schemas import layout
from schemas.records import Blocked
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.memory_reader import MemoryReader
from testing.storage import FakeStorage

T = TypeVar("T")

TOKEN = "gcpypi_reader"
NARROW = "gcpypi_narrow"
UPLOAD = "gcpypi_upload"
WHEEL = "alpha_pkg-1.0-py3-none-any.whl"
LARGE = "beta-1.0-py3-none-any.whl"
SDIST = "alpha_pkg-1.0.tar.gz"
LOCAL = "alpha_pkg-1!2.0+cu1-py3-none-any.whl"
METADATA = b"Metadata-Version: 2.4\nName: alpha-pkg\nVersion: 1.0\n"
WHEEL_BYTES = bytes(range(256)) * 40
LARGE_BYTES = bytes(range(251)) * 20_000
"""5 MB: larger than an object that the proxy caches, and than one chunk of a stream."""
JSON = "application/vnd.pypi.simple.v1+json"
V1_HTML = "application/vnd.pypi.simple.v1+html"
HTML = "text/html; charset=utf-8"


_ITEMS = json.dumps([{"project": "alpha-pkg", "summary": "one"}, {"project": "beta"}])
PAGES_FOR_PEOPLE = {
    "index.html": "<p>home</p>",
    "search/index.html": "<p>search</p>",
    "changes/index.html": "<p>changes</p>",
    "search.json": _ITEMS,
    "search/al.json": json.dumps([{"project": "alpha-pkg"}, {"project": "alto"}]),
    "search/be.json": json.dumps([{"project": "beta"}]),
    "recent.json": _ITEMS,
    "changes.json": _ITEMS,
    "totals.json": '{"projects":2,"files":5}',
    "feed.xml": "<feed/>",
    "projects/page1.html": "<p>projects 1</p>",
    "projects/page2.html": "<p>projects 2</p>",
    **{
        name: f"<p>{name}</p>"
        for project in ("alpha-pkg", "beta")
        for name in (
            f"projects/{project}/index.html",
            f"projects/{project}/1.0/index.html",
            f"projects/{project}/releases.json",
            f"projects/{project}/releases/index.html",
            f"projects/{project}/releases/page1.html",
            f"projects/{project}/history/index.html",
            f"projects/{project}/history/page2.html",
            f"projects/{project}/feed.xml",
            f"pypi/{project}/json",
            f"pypi/{project}/1.0/json",
        )
    },
    "static/0123456789abcdef/style.css": "p{}",
    "static/0123456789abcdef/search.js": "1",
    "static/0123456789abcdef/icons.svg": "<svg/>",
}
"""Objects behind the pages for people by name."""


def make_entry(token: str, name: str, **facts: object) -> dict[str, object]:
    """Return the entry of a token in the secret."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return {"name": name, "sha256": digest, "created": "2026-11-01T00:00:00Z", **facts}


TOKENS = [
    make_entry(TOKEN, "ci", scopes=["read"], projects=["*"], expires=None),
    make_entry(NARROW, "team", scopes=["read"], projects=["Alpha_*"]),
    make_entry(UPLOAD, "uploader", scopes=["upload"], projects=["*"]),
    make_entry("gcpypi_old", "ci", expires="2026-01-01T00:00:00Z"),
]


def encode_basic(token: str = TOKEN, user: str = "__token__") -> str:
    """Return the value of an ``Authorization`` header."""
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


@dataclass(frozen=True)
class ProxyResponse:
    """Response of the proxy to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Clock:
    """Manual clock, in seconds; a test sets ``now``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class MemoryProxy:
    """The proxy's application on fakes, filled with pages and files."""

    def __init__(self, **settings: object) -> None:
        storage = FakeStorage()
        self.static = MemoryBucket("static", storage=storage)
        self.packages = MemoryBucket("packages", storage=storage)
        self.storage = storage
        self.clock = Clock()
        self.tokens: bytes | CloudError = json.dumps({"tokens": TOKENS}).encode()
        self.secret_reads = 0
        self.reader = MemoryReader(storage, "packages")
        self.signatures: list[str] = []
        self.sign_fault: Callable[[], Awaitable[None]] | None = None
        """Runs before each signature."""
        self.fetch_keys: FetchKeys | None = None
        """Client of the issuers of ID tokens; None: no issuer answers."""
        self.is_closed = False
        self.app = self._build(settings)
        self._fill()

    def _build(self, settings: dict[str, object]) -> Router:
        names = {
            "gcp_project": "acme-prod",
            "static_bucket": "static",
            "packages_bucket": "packages",
        }
        validated = Settings.model_validate({**names, "tokens_secret": "tokens", **settings})
        clients = Clients(
            static=MemoryReader(self.storage, "static"),
            packages=self.reader,
            load_tokens=self._read_tokens,
            sign=self._sign if validated.downloads == "redirect" else None,
            close=self._close,
            fetch_keys=self._fetch_keys,
            clock=self.clock,
        )
        return build_app(validated, clients)

    async def _sign(self, name: str) -> str:
        if self.sign_fault is not None:
            await self.sign_fault()
        self.signatures.append(name)
        return f"https://storage.example/packages/{name}?signature={len(self.signatures)}"

    async def _fetch_keys(self, issuer: str) -> IssuerKeySet:
        if self.fetch_keys is None:
            raise Unavailable(issuer, "no issuer in this test")
        return await self.fetch_keys(issuer)

    async def _close(self) -> None:
        self.is_closed = True

    async def _read_tokens(self, last: TokenSet | None) -> TokenSet:
        self.secret_reads += 1
        if isinstance(self.tokens, CloudError):
            raise self.tokens
        return TokenSet.read(self.tokens, "tokens/versions/7")

    def _fill(self) -> None:
        self.put_page("simple/index.html", '<a href="alpha-pkg/">alpha-pkg</a>')
        projects = [{"name": "alpha-pkg"}, {"name": "beta"}]
        root = {"meta": {"api-version": "1.4"}, "projects": projects}
        self.put_page("simple/index.v1.json", json.dumps(root))
        for project in ("alpha-pkg", "beta"):
            self.put_page(f"simple/{project}/index.html", f"<p>{project}</p>")
            releases = {"name": project, "versions": ["1.0"]}
            self.put_page(f"simple/{project}/index.v1.json", json.dumps(releases))
        for name, text in PAGES_FOR_PEOPLE.items():
            self.put_page(name, text)
        self.put_file(WHEEL, WHEEL_BYTES)
        self.put_file(LOCAL, WHEEL_BYTES)
        self.put_file(SDIST, b"an sdist")
        self.put_file(LARGE, LARGE_BYTES)
        self.packages.put(f"{WHEEL}.metadata", METADATA)

    def put_page(self, name: str, text: str) -> None:
        # The proxy must replace the media type that Cloud Storage sends by default.
        self.static.put(name, text.encode(), Headers("application/octet-stream", "public"))

    def put_file(self, name: str, data: bytes) -> None:
        digest = {"sha256": hashlib.sha256(data).hexdigest()}
        self.packages.put(name, data, Headers("binary/octet-stream", "no-cache", digest))

    def block(self, **projects: dict[str, object]) -> None:
        blocked = {name.replace("_", "-"): {"revision": 1, **p} for name, p in projects.items()}
        document = Blocked.model_validate({"projects": blocked})
        self.static.put(layout.BLOCKED, document.encode())

    def take_operation_count(self) -> int:
        """Return the number of storage operations since the last call."""
        total = sum(self.storage.counts.requests.values())
        self.storage.counts.clear()
        return total

    async def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> ProxyResponse:
        """Send a request to the application, by default with the token for all projects."""
        request = AsgiRequest(path, {"authorization": encode_basic(), **(headers or {})}, method)
        await self.app(request.scope, request.receive, request.send)
        return request.read_response()


class AsgiRequest:
    """One request over ASGI, and the messages of its response."""

    def __init__(self, path: str, headers: Mapping[str, str], method: str = "GET") -> None:
        raw_path, _, query = path.partition("?")
        fields = [
            (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
        ]
        self.scope = {
            "type": "http",
            "method": method,
            "path": unquote(raw_path),
            "raw_path": raw_path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": fields,
        }
        self.sent: list[Message] = []
        self.disconnected = asyncio.Event()
        self.on_send: Callable[[Message], Coroutine[Any, Any, None]] | None = None

    async def receive(self) -> Message:
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.on_send:
            await self.on_send(message)
        self.sent.append(message)

    def is_complete(self) -> bool:
        last = self.sent[-1] if self.sent else {"type": "nothing"}
        return last["type"] == "http.response.body" and not last.get("more_body", False)

    def read_response(self) -> ProxyResponse:
        start, *bodies = self.sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return ProxyResponse(start["status"], headers, b"".join(body["body"] for body in bodies))


class AccessLogReader:
    """Reader of the proxy's access log, from the captured standard output."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "proxy.http.access_log")
        self._capsys = capsys
        self.text = ""
        """All output so far."""

    def read_lines(self) -> list[dict[str, Any]]:
        """Return the access log lines of all requests so far."""
        self.text += self._capsys.readouterr().out
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if line["logger"] == "proxy.http.access_log"]


def make_response(status: int, headers: HTTPMessage, body: bytes) -> ProxyResponse:
    return ProxyResponse(status, {name.lower(): value for name, value in headers.items()}, body)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
