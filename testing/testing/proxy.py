"""The proxy's surroundings: two buckets in memory, a secret, a clock that stands still."""

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

from access.token_set import TokenSet
from cloud.errors import CloudError
from cloud.ports import Headers
from proxy.main import Clients, build_app
from proxy.settings import Settings
from schemas import layout
from schemas.records import Blocked
from testing.fakes.memory import MemoryBucket
from testing.fakes.reader import MemoryReader
from testing.storage import Storage

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
"""More than the proxy holds in memory, and more than one chunk of a stream."""
JSON = "application/vnd.pypi.simple.v1+json"
V1_HTML = "application/vnd.pypi.simple.v1+html"
HTML = "text/html; charset=utf-8"


def entry(token: str, name: str, **facts: object) -> dict[str, object]:
    """A token's entry in the secret."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return {"name": name, "sha256": digest, "created": "2026-11-01T00:00:00Z", **facts}


TOKENS = [
    entry(TOKEN, "ci", scopes=["read"], projects=["*"], expires=None),
    entry(NARROW, "team", scopes=["read"], projects=["Alpha_*"]),
    entry(UPLOAD, "uploader", scopes=["upload"], projects=["*"]),
    entry("gcpypi_old", "ci", expires="2026-01-01T00:00:00Z"),
]


def basic(token: str = TOKEN, user: str = "__token__") -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class MemoryProxy:
    def __init__(self, **settings: object) -> None:
        storage = Storage()
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
        self.is_closed = False
        self.app = self._build(settings)
        self._fill()

    def _build(self, settings: dict[str, object]) -> Router:
        names = {"project": "acme-prod", "static_bucket": "static", "packages_bucket": "packages"}
        chosen = Settings.model_validate({**names, "tokens_secret": "tokens", **settings})
        clients = Clients(
            static=MemoryReader(self.storage, "static"),
            packages=self.reader,
            load_tokens=self._read_tokens,
            sign=self._sign if chosen.downloads == "redirect" else None,
            close=self._close,
            clock=self.clock,
        )
        return build_app(chosen, clients)

    async def _sign(self, name: str) -> str:
        if self.sign_fault is not None:
            await self.sign_fault()
        self.signatures.append(name)
        return f"https://storage.example/packages/{name}?signature={len(self.signatures)}"

    async def _close(self) -> None:
        self.is_closed = True

    async def _read_tokens(self, last: TokenSet | None) -> TokenSet:
        self.secret_reads += 1
        if isinstance(self.tokens, CloudError):
            raise self.tokens
        return TokenSet.read(self.tokens, "tokens/versions/7")

    def _fill(self) -> None:
        self.page("simple/index.html", '<a href="/simple/alpha-pkg/">alpha-pkg</a>')
        projects = [{"name": "alpha-pkg"}, {"name": "beta"}]
        root = {"meta": {"api-version": "1.4"}, "projects": projects}
        self.page("simple/index.v1.json", json.dumps(root))
        for project in ("alpha-pkg", "beta"):
            self.page(f"simple/{project}/index.html", f"<p>{project}</p>")
            self.page(f"simple/{project}/index.v1.json", json.dumps({"name": project}))
        self.page("pypi/alpha-pkg/json", '{"info":{"name":"alpha-pkg"}}')
        self.page("index.html", "<p>home</p>")
        self.page("changelog/page1.html", "<p>changes</p>")
        self.file(WHEEL, WHEEL_BYTES)
        self.file(LOCAL, WHEEL_BYTES)
        self.file(SDIST, b"an sdist")
        self.file(LARGE, LARGE_BYTES)
        self.packages.put(f"{WHEEL}.metadata", METADATA)

    def page(self, name: str, text: str) -> None:
        # Types that Cloud Storage would send by default must not leak.
        self.static.put(name, text.encode(), Headers("application/octet-stream", "public"))

    def file(self, name: str, data: bytes) -> None:
        digest = {"sha256": hashlib.sha256(data).hexdigest()}
        self.packages.put(name, data, Headers("binary/octet-stream", "no-cache", digest))

    def block(self, **projects: dict[str, object]) -> None:
        named = {name.replace("_", "-"): {"revision": 1, **p} for name, p in projects.items()}
        document = Blocked.model_validate({"projects": named})
        self.static.put(layout.BLOCKED, document.encode())

    def operations(self) -> int:
        """How many storage operations there were since the last time."""
        total = sum(self.storage.counts.requests.values())
        self.storage.counts.clear()
        return total

    async def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """Ask the app directly, with the token of everything unless ``headers`` say otherwise."""
        client = Client(path, {"authorization": basic(), **(headers or {})}, method)
        await self.app(client.scope, client.receive, client.send)
        return client.answer()


class Client:
    """One request over ASGI."""

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

    def answer(self) -> Answer:
        start, *bodies = self.sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(body["body"] for body in bodies))


class AccessLog:
    """The proxy's access lines, as they come out of the process."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "proxy.http.access_log")
        self._capsys = capsys
        self.text = ""
        """All that was written so far."""

    def lines(self) -> list[dict[str, Any]]:
        """What each request left."""
        self.text += self._capsys.readouterr().out
        every: list[dict[str, Any]] = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in every if line["logger"] == "proxy.http.access_log"]


def answer_of(status: int, headers: HTTPMessage, body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
