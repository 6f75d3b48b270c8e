"""Billable usage of a publish and an install, counted on the strict fakes."""

import asyncio
import io
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

import httpx

from access.token_set import TokenSet
from benchmarks.harness.seeded_index import FILES_A_PROJECT, make_project_name, make_record, seed
from chassis.logs import JsonFormatter
from cloud.ports import Headers
from local.topology import SUBSCRIPTIONS
from proxy.main import Clients, build_app
from proxy.settings import Settings
from publisher.catalog.catalog_pages import Catalog
from publisher.main import RETRY
from publisher.site.page_content import Site
from schemas import layout
from schemas.events import FileUploaded
from schemas.push import Message
from schemas.tokens import Token, TokenDocument, hash_token
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.memory_reader import MemoryReader
from testing.fakes.small_wheels import build_wheel
from testing.services.pipeline import BUCKETS, Pipeline
from testing.storage import FakeStorage

WHEEL_BYTES = 1_000_000
"""Size of an installed file: larger than the proxy keeps in memory."""
MIN_MESSAGE_BYTES = 1000
"""Minimum that Pub/Sub charges for a publish or a push."""
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.01"
"""Short form of the ``Accept`` field of pip and uv."""
IDLE_SECONDS = 3600.0
"""Seconds after which the proxy must ask again for everything that it holds."""


@dataclass(frozen=True)
class Usage:
    """Billable usage of one action."""

    class_a: int
    class_b: int
    requests: int
    """Requests to Cloud Run."""
    log_bytes: int
    message_bytes: int = 0
    """Bytes that Pub/Sub charges, for the publish and each push."""
    sent_bytes: int = 0
    """Bytes sent to the client."""
    secret_reads: int = 0


def count_publish(files: int) -> Usage:
    """Count the publish of a wheel into an index of ``files`` files.

    The upload by CI and its read of the verdict are included.
    """
    storage = FakeStorage()
    for bucket in BUCKETS:
        storage.create_bucket(bucket, versioning=bucket == "metadata")
    seed(storage, files)
    buckets = {bucket: MemoryBucket(bucket, storage=storage) for bucket in BUCKETS}
    pipeline = Pipeline(buckets.__getitem__)
    _publish_catalog(buckets)
    spelled = make_project_name(0).replace("-", "_")
    name = f"ci/1/{spelled}-7.0-py3-none-any.whl"
    storage.counts.clear()
    headers = Headers("application/octet-stream", "no-store")
    uploaded = buckets["incoming"].write(
        name, build_wheel(spelled, "7.0"), headers, if_generation=0
    )
    with _capture_log_lengths() as logged:
        pipeline.run(FileUploaded(bucket="incoming", name=name, generation=uploaded.generation))
    if pipeline.dead or not buckets["verdicts"].read(
        layout.locate_verdict(name, uploaded.generation)
    ):
        raise RuntimeError(f"not published: {pipeline.dead}")
    pushes = sum(map(_count_pushes, pipeline.messages))
    return Usage(
        class_a=storage.counts.billed["A"],
        class_b=storage.counts.billed["B"] + 1,  # the notification of the bucket
        requests=pushes,
        log_bytes=sum(logged),
        message_bytes=sum(map(_count_charged_bytes, pipeline.messages, pipeline.attributes)),
    )


def _publish_catalog(buckets: Mapping[str, MemoryBucket]) -> None:
    """Publish the catalog of the seeded index. Then a publish writes only its own changes."""
    site = Site("Python packages")  # the default of the publisher
    Catalog(buckets["static"], buckets["metadata"], site, RETRY).publish()


def _count_pushes(message: Message) -> int:
    return sum(each.topic == message.topic for each in SUBSCRIPTIONS)


def _count_charged_bytes(message: Message, attributes: Mapping[str, str]) -> int:
    size = len(message.encode()) + sum(map(len, chain(*attributes.items())))
    return max(MIN_MESSAGE_BYTES, size) * (1 + _count_pushes(message))


@dataclass
class CountedProxy:
    """A proxy in memory, and a project to install from it."""

    storage: FakeStorage = field(default_factory=FakeStorage)
    now: float = 0.0
    secret_reads: int = 0

    def __post_init__(self) -> None:
        for bucket in BUCKETS:
            self.storage.create_bucket(bucket)
        seed(self.storage, FILES_A_PROJECT)
        packages = MemoryBucket("packages", storage=self.storage)
        self.filename = next(iter(make_record(make_project_name(0), 1).files))
        packages.put(self.filename, bytes(WHEEL_BYTES))
        MemoryBucket("static", storage=self.storage).put(layout.BLOCKED, b'{"projects":{}}')
        names = {"project": "bench", "packages_bucket": "packages", "static_bucket": "static"}
        settings = Settings.model_validate({**names, "tokens_secret": "tokens"})
        clients = Clients(
            static=MemoryReader(self.storage, "static"),
            packages=MemoryReader(self.storage, "packages"),
            load_tokens=self._load_tokens,
            close=_close,
            clock=lambda: self.now,
        )
        self.proxy = build_app(settings, clients)
        transport = httpx.ASGITransport(self.proxy)
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://proxy", auth=("__token__", "secret")
        )

    async def install(self) -> Usage:
        """Install once, as pip does: the page, the METADATA, the file."""
        self.storage.counts.clear()
        self.secret_reads = 0
        file = layout.format_file_path(self.filename)
        page = f"/simple/{make_project_name(0)}/"
        with _capture_log_lengths() as logged:
            sizes = [await self._get(path) for path in (page, f"{file}.metadata", file)]
        billed: Counter[str] = self.storage.counts.billed
        return Usage(
            class_a=billed["A"],
            class_b=billed["B"],
            requests=len(sizes),
            log_bytes=sum(logged),
            sent_bytes=sum(sizes),
            secret_reads=self.secret_reads,
        )

    async def _get(self, path: str) -> int:
        response = await self._client.get(path, headers={"accept": ACCEPT})
        response.raise_for_status()
        head = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
        return head + len(response.content)

    async def _load_tokens(self, last: TokenSet | None) -> TokenSet:
        self.secret_reads += 1
        token = Token(name="ci", sha256=hash_token("secret"), created=datetime.now(UTC))
        return TokenSet(TokenDocument(tokens=(token,)))


def count_installs() -> Mapping[str, Usage]:
    """Count installs from a new instance, from an idle one, and directly after another."""
    return asyncio.run(_count_installs())


async def _count_installs() -> Mapping[str, Usage]:
    index = CountedProxy()
    first = await index.install()
    again = await index.install()
    index.now += IDLE_SECONDS
    return {"first": first, "idle": await index.install(), "again": again}


async def _close() -> None:
    """Do nothing, because the clients are in memory."""


@contextmanager
def _capture_log_lengths() -> Iterator[list[int]]:
    """Collect the lengths of the log lines of the services."""
    handler, root = _Lengths(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(io.StringIO()) as written_directly:
            yield handler.lengths
        lines = written_directly.getvalue().encode().splitlines(keepends=True)
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
