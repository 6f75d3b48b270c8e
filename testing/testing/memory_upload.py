"""The upload service on fakes: a storage in memory, and a secret of publishing tokens."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import unquote

from starlette.routing import Router
from starlette.types import Message

from access.identities.json_web_keys import IssuerKeySet
from access.token_set import TokenSet
from cloud.errors import CloudError, Unavailable
from schemas import layout
from schemas.names import parse_filename
from schemas.verdict_documents import Verdict
from testing.fakes.account_signer import MemorySigner
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.memory_uploads import ResumableMemoryBucket
from testing.memory_proxy import Clock
from testing.storage import FakeStorage
from upload.main import Clients, build_app
from upload.settings import Settings

PUBLISHER = "gcpypi_publisher"
"""Publishing token of the uploader ``acme``, for ``acme`` and ``acme-*``."""
READ_ONLY = "gcpypi_read_only"
"""Token in the document of publishing tokens without the scope ``publish``."""
ENDED = "gcpypi_ended"
TOKENS: Mapping[str, Mapping[str, object]] = {
    PUBLISHER: {"name": "ada", "scopes": ["publish"], "uploader": "acme"},
    READ_ONLY: {"name": "reader", "scopes": ["read"], "projects": ["*"]},
    ENDED: {
        "name": "old",
        "scopes": ["publish"],
        "projects": ["*"],
        "uploader": "acme",
        "expires": "2026-01-01T00:00:00Z",
    },
}
"""Entries of the document, by token."""

UPLOAD_URL = "https://upload.example/legacy/"
INDEX_URL = "https://index.example/simple/"


BOUNDARY = "b0undary"


def build_fields(filename: str, data: bytes) -> dict[str, str]:
    """Return the text fields of a form, as twine sends them."""
    name, version, *_ = filename.removesuffix(".tar.gz").split("-")
    return {
        ":action": "file_upload",
        "protocol_version": "1",
        "name": name,
        "version": version,
        "filetype": "bdist_wheel" if filename.endswith(".whl") else "sdist",
        "sha256_digest": hashlib.sha256(data).hexdigest(),
    }


def encode_form(
    fields: Mapping[str, str],
    filename: str | None = None,
    data: bytes = b"",
    trailing: Mapping[str, str] | None = None,
) -> bytes:
    """Return a form: text fields, a file, and text fields after the file."""
    parts = [_encode_field(name, value) for name, value in fields.items()]
    if filename is not None:
        disposition = f'form-data; name="content"; filename="{filename}"'
        parts.append(_encode_part(disposition, data))
    parts += [_encode_field(name, value) for name, value in (trailing or {}).items()]
    return b"".join((*parts, f"--{BOUNDARY}--\r\n".encode()))


def _encode_field(name: str, value: str) -> bytes:
    return _encode_part(f'form-data; name="{name}"', value.encode())


def _encode_part(disposition: str, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def encode_login(token: str = PUBLISHER) -> Mapping[str, str]:
    """Return the header field with a token."""
    login = base64.b64encode(f"__token__:{token}".encode()).decode()
    return {"authorization": f"Basic {login}"}


@dataclass(frozen=True)
class UploadResponse:
    """Response of the upload service to one request."""

    status: int
    headers: Mapping[str, str]
    text: str


class MemoryUrlSigner:
    """Signer that records what it signs, instead of a signature."""

    def __init__(self) -> None:
        self.error: CloudError | None = None
        self.signed: dict[str, Mapping[str, str]] = {}
        """Header fields by object name."""

    async def sign_put(self, name: str, headers: Mapping[str, str]) -> str:
        if self.error:
            raise self.error
        self.signed[name] = headers
        return f"https://storage.example/incoming/{name}"


class MemoryUpload:
    """The application of the upload service on fakes."""

    def __init__(self, *, projects: Sequence[str] = ("acme", "acme-*"), **settings: object) -> None:
        self.storage = storage = FakeStorage()
        storage.write_interval = 0
        self.incoming = ResumableMemoryBucket(MemoryBucket("incoming", storage=storage))
        self.packages = MemoryBucket("packages", storage=storage)
        self.verdicts = MemoryBucket("verdicts", storage=storage)
        self.static = MemoryBucket("static", storage=storage)
        self.tokens: bytes | CloudError = _encode_tokens(projects)
        self.is_closed = False
        self.url_signer = MemoryUrlSigner()
        self.signer, self.clock = MemorySigner(), Clock()
        self.issuer_keys: Mapping[str, IssuerKeySet] = {}
        """Keys of the issuers that answer."""
        self.app = self._build(settings)

    def _build(self, settings: dict[str, object]) -> Router:
        buckets = ("incoming", "packages", "verdicts", "metadata", "static")
        required = {
            "gcp_project": "acme-prod",
            "upload_url": UPLOAD_URL,
            "index_url": INDEX_URL,
            **{f"{name}_bucket": name for name in buckets},
        }
        validated = Settings.model_validate({**required, **settings})
        clients = Clients(
            incoming=self.incoming,
            packages=self.packages,
            verdicts=self.verdicts,
            static=self.static,
            signer=self.signer,
            fetch_keys=self._fetch_keys,
            load_tokens=self._read_tokens,
            close=self._close,
            now=partial(datetime.now, UTC),
            url_signer=self.url_signer,
            clock=self.clock,
        )
        return build_app(validated, clients)

    async def _read_tokens(self, last: TokenSet | None) -> TokenSet:
        if isinstance(self.tokens, CloudError):
            raise self.tokens
        return TokenSet.read(self.tokens, "uploaders/versions/7")

    async def _fetch_keys(self, issuer: str) -> IssuerKeySet:
        if issuer not in self.issuer_keys:
            raise Unavailable(issuer, "does not answer")
        return self.issuer_keys[issuer]

    def publish(self, filename: str) -> None:
        """Put the page of ingest, indexer and publisher for a file, and accept its upload."""
        project, _ = parse_filename(filename)
        page = {"files": [{"filename": filename}]}
        self.static.put(layout.locate_project_json(project), json.dumps(page).encode())

    def answer(self, **verdict: str) -> None:
        """Answer each upload with a verdict, as ingest does after the notification."""

        def write(operation: str, bucket: str, name: str) -> None:
            info = self.incoming.stat(name) if operation == "objects.insert" else None
            if info is not None:
                facts = {"bucket": bucket, "name": name, "generation": info.generation}
                document = Verdict.model_validate({**facts, "time": info.created, **verdict})
                self.verdicts.put(layout.locate_verdict(name, info.generation), document.encode())

        self.incoming.after = write

    def list_uploads(self) -> list[str]:
        """Return the names of the incoming objects."""
        return [info.name for info in self.incoming.list()]

    async def upload(
        self,
        filename: str,
        data: bytes,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        trailing: Mapping[str, str] | None = None,
    ) -> UploadResponse:
        """Upload a file as a publishing tool does; ``fields`` replace those of the tool."""
        form = {**build_fields(filename, data), **(fields or {})}
        body = encode_form(form, filename, data, trailing or {})
        return await self.send_form(body, headers or {})

    async def send_form(
        self, body: bytes, headers: Mapping[str, str] | None = None, chunk: int = 16384
    ) -> UploadResponse:
        """Send a form to ``/legacy/`` in chunks of some bytes."""
        return await self.post("/legacy/", body, headers, chunk)

    async def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        chunk: int = 16384,
    ) -> UploadResponse:
        """Send a body as the holder of a publishing token."""
        fields = {
            **encode_login(),
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
            "content-length": str(len(body)),
            **(headers or {}),
        }
        chunks = (body[start : start + chunk] for start in range(0, len(body), chunk))
        return await self.send("POST", path, fields, chunks)

    async def _close(self) -> None:
        self.is_closed = True

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        chunks: Iterable[bytes] = (),
    ) -> UploadResponse:
        """Send a request to the application, and return its response."""
        request = ChunkRequest(method, path, headers or {}, chunks)
        await self.app(request.scope, request.receive, request.send)
        return request.read_response()


class ChunkRequest:
    """One request over ASGI with a body in chunks, and the messages of its response."""

    def __init__(
        self, method: str, path: str, headers: Mapping[str, str], chunks: Iterable[bytes]
    ) -> None:
        raw_path, _, query = path.partition("?")
        fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(raw_path),
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "headers": fields,
        }
        self._chunks = iter(chunks)
        self._is_ended = False
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        """Return the next chunk, the end of the body, or the disconnection after it."""
        if self._is_ended:
            return {"type": "http.disconnect"}
        chunk = next(self._chunks, None)
        self._is_ended = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def read_response(self) -> UploadResponse:
        start, *bodies = self.sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        body = b"".join(each["body"] for each in bodies)
        return UploadResponse(start["status"], headers, body.decode())


def _encode_tokens(projects: Sequence[str]) -> bytes:
    facts_by_token = {**TOKENS, PUBLISHER: {**TOKENS[PUBLISHER], "projects": projects}}
    entries = [
        {
            "sha256": hashlib.sha256(token.encode()).hexdigest(),
            "created": "2026-11-01T00:00:00Z",
            **facts,
        }
        for token, facts in facts_by_token.items()
    ]
    return json.dumps({"tokens": entries}).encode()
