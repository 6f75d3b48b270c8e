"""Composition root of the indexer: ``python -m indexer.main``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from starlette.applications import Starlette

from chassis import logs
from chassis.app import create_readiness_check
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from chassis.tracing import build_attributes
from cloud import pubsub, storage
from cloud.ports import Bucket, Topic
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from indexer.app import Indexer, create_app
from indexer.command_answers import Answers
from indexer.commit import Records
from indexer.settings import Settings


def main() -> None:
    """Read the settings, build the clients, create the application, and serve until SIGTERM."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    serve(build_app(settings, connect(settings)), settings)


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of Google Cloud, and the clock."""

    metadata: Bucket
    verdicts: Bucket
    indexed: Topic
    refused: Topic
    now: Callable[[], datetime]


def connect(settings: Settings) -> Clients:
    """Create the clients, without a request to Google Cloud."""
    bucket = partial(StorageBucket, storage.connect(settings.gcp_project))
    topic = partial(
        PubsubTopic, pubsub.connect(), settings.gcp_project, build_attributes=build_attributes
    )
    return Clients(
        metadata=bucket(settings.metadata_bucket),
        verdicts=bucket(settings.verdicts_bucket),
        indexed=topic(settings.topic_project_indexed),
        refused=topic(settings.topic_file_refused),
        now=partial(datetime.now, UTC),
    )


def build_app(settings: Settings, clients: Clients) -> Starlette:
    """Create the application from its settings and clients."""
    records = Records(clients.metadata, clients.indexed, clients.refused, clients.now)
    answers = Answers(clients.verdicts, clients.refused)
    indexer = Indexer(records, answers, clients.now, settings.command_grace)
    ready = create_readiness_check(clients.metadata)
    return create_app(indexer, settings.gcp_project, ready)


if __name__ == "__main__":
    main()
