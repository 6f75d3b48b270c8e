"""The workers in one process, on any buckets, with topics in memory that push like Pub/Sub.

A topic pushes each message to its subscriptions at once and concurrently. It repeats a delivery
with back-off until the response is 2xx. :meth:`Pipeline.run` returns when no delivery is pending.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from starlette.applications import Starlette

from chassis.tracing import build_attributes
from checks.command_rights import CommandRights
from checks.policy import Policy
from cloud.ports import Bucket
from indexer.app import Indexer
from indexer.app import create_app as indexer_app
from indexer.command_answers import Answers
from indexer.commit import Records
from ingest.app import Ingest
from ingest.app import create_app as ingest_app
from ingest.closing import ClosingRules
from ingest.commands.command_objects import CommandObjects
from ingest.promotion import Promotion
from ingest.uniqueness import UniqueFiles
from ingest.verdicts import Verdicts
from local.topology import SUBSCRIPTIONS, Subscription
from publisher.main import Clients, build_app
from publisher.settings import Settings as PublisherSettings
from publisher.web.main import Clients as WebClients
from publisher.web.main import build_app as build_web_app
from publisher.web.settings import Settings as WebSettings
from schemas.push import Message
from schemas.types import format_time

GCP_PROJECT = "gcpypi-test"
BUCKETS = ("incoming", "packages", "verdicts", "metadata", "static")
NO_ATTRIBUTES: Mapping[str, str] = {}
ATTEMPTS = 30
"""Deliveries before a message becomes a dead letter, as in production."""


@dataclass(slots=True)
class PushTopic:
    """A :class:`cloud.ports.Topic` with delivery by a pipeline."""

    pipeline: "Pipeline"
    name: str

    def publish(self, message: Message) -> None:
        assert message.topic == self.name
        self.pipeline.post(message, build_attributes())


@dataclass(slots=True)
class Pipeline:
    """Ingest, indexer, publisher, catalog and web, one instance each.

    :param bucket: returns a bucket by its short name.
    :param silent: subscriptions without delivery; their messages are lost.
    """

    bucket: Callable[[str], Bucket]
    silent: frozenset[str] = frozenset()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    messages: list[Message] = field(default_factory=list)
    """All messages, in the order of publication."""
    attributes: list[Mapping[str, str]] = field(default_factory=list)
    """Attributes of each message in ``messages``."""
    dead: list[Message] = field(default_factory=list)
    """Dead letters."""
    _last_id: int = 0
    _deliveries: set["asyncio.Task[None]"] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None
    _clients: Mapping[str, httpx.AsyncClient] = field(default_factory=dict)

    def continue_from(self, other: "Pipeline") -> None:
        """Begin after the messages of another pipeline, with a copy of its buckets."""
        self.messages += other.messages
        self.attributes += other.attributes
        self._last_id = other._last_id

    def run(self, *messages: Message, attributes: Mapping[str, str] = NO_ATTRIBUTES) -> None:
        """Publish ``messages`` at once, and return after all their consequences."""
        asyncio.run(self._run(messages, attributes))

    def post(self, message: Message, attributes: Mapping[str, str] = NO_ATTRIBUTES) -> None:
        """Publish a message, from any thread."""
        assert self._loop is not None, "the pipeline does not run"
        self._loop.call_soon_threadsafe(self._accept, message, attributes)

    async def _run(self, messages: tuple[Message, ...], attributes: Mapping[str, str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._clients = {name: _make_client(app) for name, app in self._build_apps().items()}
        for message in messages:
            self._accept(message, attributes)
        while self._deliveries:
            await asyncio.wait(self._deliveries)
            await asyncio.sleep(0)
        for client in self._clients.values():
            await client.aclose()
        self._loop = None

    def _accept(self, message: Message, attributes: Mapping[str, str]) -> None:
        self.messages.append(message)
        self.attributes.append(attributes)
        for subscription in SUBSCRIPTIONS:
            if subscription.topic == message.topic and subscription.name not in self.silent:
                delivery = self._deliver(subscription, message, attributes)
                task = asyncio.get_running_loop().create_task(delivery)
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)

    async def _deliver(
        self, subscription: Subscription, message: Message, attributes: Mapping[str, str]
    ) -> None:
        client = self._clients[subscription.service]
        body = self._make_envelope(subscription, message, attributes)
        for attempt in range(ATTEMPTS):
            answer = await client.post(subscription.path, content=body)
            if answer.is_success:
                return
            await asyncio.sleep(min(0.02 * 2**attempt, 2.0))
        self.dead.append(message)

    def _make_envelope(
        self, subscription: Subscription, message: Message, attributes: Mapping[str, str]
    ) -> str:
        self._last_id += 1
        pushed = {
            "attributes": dict(attributes),
            "data": base64.b64encode(message.encode()).decode(),
            "messageId": str(self._last_id),
            "publishTime": format_time(self.now()),
        }
        return json.dumps({"message": pushed, "subscription": subscription.name})

    def _build_apps(self) -> dict[str, Starlette]:
        metadata, static = self.bucket("metadata"), self.bucket("static")
        settings = PublisherSettings(
            gcp_project=GCP_PROJECT,
            metadata_bucket="metadata",
            static_bucket="static",
            catalog_interval=0,
        )
        clients = Clients(static, metadata, PushTopic(self, "project-published"))
        return {
            "ingest": self._build_ingest(),
            "indexer": self._build_indexer(),
            **{service: build_app(settings, clients) for service in ("publisher", "catalog")},
            "web": self._build_web(),
        }

    def _build_web(self) -> Starlette:
        settings = WebSettings(
            gcp_project=GCP_PROJECT,
            metadata_bucket="metadata",
            static_bucket="static",
            packages_bucket="packages",
        )
        names = ("static", "metadata", "packages")
        return build_web_app(settings, WebClients(*map(self.bucket, names)))

    def _build_ingest(self) -> Starlette:
        refused = PushTopic(self, "file-refused")
        accepted = PushTopic(self, "file-accepted")
        verdicts = Verdicts(self.bucket("verdicts"), accepted, refused, self.now)
        promotion = Promotion(
            self.bucket("incoming"),
            self.bucket("packages"),
            Policy(),
            ClosingRules(self.bucket("metadata"), self.bucket("packages")).require_open,
            UniqueFiles(self.bucket("metadata")).require_unique,
        )
        commands = CommandObjects(
            self.bucket("incoming"),
            self.bucket("verdicts"),
            PushTopic(self, "command-accepted"),
            refused,
            CommandRights(None),
            self.now,
        )
        return ingest_app(Ingest(promotion, verdicts, commands), GCP_PROJECT, lambda: None)

    def _build_indexer(self) -> Starlette:
        refused = PushTopic(self, "file-refused")
        indexed = PushTopic(self, "project-indexed")
        records = Records(self.bucket("metadata"), indexed, refused, self.now)
        answers = Answers(self.bucket("verdicts"), refused)
        indexer = Indexer(records, answers, self.now, timedelta(minutes=10))
        return indexer_app(indexer, GCP_PROJECT, lambda: None)


def _make_client(app: Starlette) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://worker", timeout=None)  # noqa: S113 - in one process; production's deadline is 600 s
