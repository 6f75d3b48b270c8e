"""What publishing a wheel and installing it use that is paid for, counted on the strict fakes."""

import asyncio
import io
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from access.token_set import TokenSet
from benchmarks.harness.index import FILES_A_PROJECT, project_name, record_of, seed
from chassis.logs import JsonFormatter
from cloud.ports import Headers
from local.layout import SUBSCRIPTIONS
from proxy.main import Clients, build_app
from proxy.settings import Settings
from schemas import layout
from schemas.events import FileUploaded, Message
from schemas.tokens import Token, TokenDocument, digest_of
from testing.fakes.memory import MemoryBucket
from testing.fakes.reader import MemoryReader
from testing.fakes.wheels import wheel
from testing.services.pipeline import BUCKETS, Pipeline
from testing.storage import Storage

WHEEL_BYTES = 1_000_000
"""The size of a file that is installed: larger than the proxy keeps in memory."""
LEAST_MESSAGE = 1000
"""Bytes that Pub/Sub charges at the least for a publish or a push."""
MARKUP = "application/vnd.pypi.simple.v1+json, text/html;q=0.01"
"""What pip and uv ask for, in short."""
REST = 3600.0
"""Seconds after which all that the proxy holds is too old to serve without asking."""


@dataclass(frozen=True)
class Use:
    """What one thing used."""

    class_a: int
    class_b: int
    requests: int
    """To Cloud Run."""
    log_bytes: int
    message_bytes: int = 0
    """As Pub/Sub charges them: published and pushed."""
    sent_bytes: int = 0
    """To the client."""
    secret_reads: int = 0


def publishing(files: int) -> Use:
    """A wheel into an index of so many files: CI's upload and its look at the verdict included."""
    storage = Storage()
    for bucket in BUCKETS:
        storage.create_bucket(bucket, versioning=bucket == "metadata")
    seed(storage, files)
    buckets = {bucket: MemoryBucket(bucket, storage=storage) for bucket in BUCKETS}
    pipeline = Pipeline(buckets.__getitem__)
    spelled = project_name(0).replace("-", "_")
    name = f"ci/1/{spelled}-7.0-py3-none-any.whl"
    storage.counts.clear()
    headers = Headers("application/octet-stream", "no-store")
    uploaded = buckets["incoming"].write(name, wheel(spelled, "7.0"), headers, if_generation=0)
    with _log_bytes() as logged:
        pipeline.run(FileUploaded(bucket="incoming", name=name, generation=uploaded.generation))
    if pipeline.dead or not buckets["verdicts"].read(layout.verdict(name, uploaded.generation)):
        raise RuntimeError(f"not published: {pipeline.dead}")
    pushes = sum(map(_pushes, pipeline.messages))
    return Use(
        class_a=storage.counts.billed["A"],
        class_b=storage.counts.billed["B"] + 1,  # the bucket's notification
        requests=pushes,
        log_bytes=sum(logged),
        message_bytes=sum(map(_charged, pipeline.messages)),
    )


def _pushes(message: Message) -> int:
    return sum(each.topic == message.topic for each in SUBSCRIPTIONS)


def _charged(message: Message) -> int:
    return max(LEAST_MESSAGE, len(message.encode())) * (1 + _pushes(message))


@dataclass
class Index:
    """A proxy in memory, and a project to install from it."""

    storage: Storage = field(default_factory=Storage)
    now: float = 0.0
    secret_reads: int = 0

    def __post_init__(self) -> None:
        for bucket in BUCKETS:
            self.storage.create_bucket(bucket)
        seed(self.storage, FILES_A_PROJECT)
        packages = MemoryBucket("packages", storage=self.storage)
        self.filename = next(iter(record_of(project_name(0), 1).files))
        packages.put(self.filename, bytes(WHEEL_BYTES))
        MemoryBucket("static", storage=self.storage).put(layout.BLOCKED, b'{"projects":{}}')
        names = {"project": "bench", "packages_bucket": "packages", "static_bucket": "static"}
        chosen = Settings.model_validate({**names, "tokens_secret": "tokens"})
        clients = Clients(
            static=MemoryReader(self.storage, "static"),
            packages=MemoryReader(self.storage, "packages"),
            load_tokens=self._tokens,
            close=_nothing,
            clock=lambda: self.now,
        )
        self.proxy = build_app(chosen, clients)
        transport = httpx.ASGITransport(self.proxy)
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://proxy", auth=("__token__", "secret")
        )

    async def install(self) -> Use:
        """Install once, as pip does: the page, the METADATA, the file."""
        self.storage.counts.clear()
        self.secret_reads = 0
        file = layout.file_address(self.filename)
        page = f"/simple/{project_name(0)}/"
        with _log_bytes() as logged:
            answers = [await self._get(path) for path in (page, f"{file}.metadata", file)]
        billed: Counter[str] = self.storage.counts.billed
        return Use(
            class_a=billed["A"],
            class_b=billed["B"],
            requests=len(answers),
            log_bytes=sum(logged),
            sent_bytes=sum(answers),
            secret_reads=self.secret_reads,
        )

    async def _get(self, path: str) -> int:
        answer = await self._client.get(path, headers={"accept": MARKUP})
        answer.raise_for_status()
        head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
        return head + len(answer.content)

    async def _tokens(self, last: TokenSet | None) -> TokenSet:
        self.secret_reads += 1
        token = Token(name="ci", sha256=digest_of("secret"), created=datetime.now(UTC))
        return TokenSet(TokenDocument(tokens=(token,)))


def installing() -> Mapping[str, Use]:
    """An install on a new instance, on one that rested, and right after another."""
    return asyncio.run(_installing())


async def _installing() -> Mapping[str, Use]:
    index = Index()
    first = await index.install()
    again = await index.install()
    index.now += REST
    return {"first": first, "rested": await index.install(), "again": again}


async def _nothing() -> None:
    """There is nothing to close."""


@contextmanager
def _log_bytes() -> Iterator[list[int]]:
    """Collect the lengths of the lines that the services would log."""
    handler, root = _Lengths(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(io.StringIO()) as past_the_logging_module:
            yield handler.lengths
        lines = past_the_logging_module.getvalue().encode().splitlines(keepends=True)
        handler.lengths.extend(map(len, lines))
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


class _Lengths(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.addFilter(lambda record: not record.name.startswith(("httpx", "httpcore", "asyncio")))
        self.lengths: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lengths.append(len(self.format(record).encode()) + 1)
