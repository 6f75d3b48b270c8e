"""Composition root of ingest: ``python -m ingest.main``."""

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
from checks.command_rights import CommandRights
from cloud import pubsub, storage
from cloud.ports import Bucket, Topic
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from ingest.app import Ingest, create_app
from ingest.closing import ClosingRules
from ingest.commands.command_objects import CommandObjects
from ingest.promotion import Promotion
from ingest.settings import Settings
from ingest.uniqueness import UniqueFiles
from ingest.verdicts import Verdicts


def main() -> None:
    """Read the settings, create the clients, and serve until SIGTERM."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    serve(build_app(settings, connect(settings)), settings)


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of Google Cloud, and the clock."""

    incoming: Bucket
    packages: Bucket
    verdicts: Bucket
    metadata: Bucket
    accepted: Topic
    commands: Topic
    refused: Topic
    now: Callable[[], datetime]


def connect(settings: Settings) -> Clients:
    """Create the clients, without a request to Google Cloud."""
    bucket = partial(StorageBucket, storage.connect(settings.gcp_project))
    topic = partial(
        PubsubTopic, pubsub.connect(), settings.gcp_project, build_attributes=build_attributes
    )
    return Clients(
        incoming=bucket(settings.incoming_bucket),
        packages=bucket(settings.packages_bucket),
        verdicts=bucket(settings.verdicts_bucket),
        metadata=bucket(settings.metadata_bucket),
        accepted=topic(settings.topic_file_accepted),
        commands=topic(settings.topic_command_accepted),
        refused=topic(settings.topic_file_refused),
        now=partial(datetime.now, UTC),
    )


def build_app(settings: Settings, clients: Clients) -> Starlette:
    """Create the application from its settings and clients."""
    packages = clients.packages
    verdicts = Verdicts(clients.verdicts, clients.accepted, clients.refused, clients.now)
    closing = ClosingRules(clients.metadata, packages, settings.release_closes_after)
    promotion = Promotion(
        incoming=clients.incoming,
        packages=packages,
        policy=settings.build_policy(),
        service_policy=settings.build_service_policy(),
        require_open=closing.require_open,
        require_unique=UniqueFiles(clients.metadata).require_unique,
    )
    commands = CommandObjects(
        incoming=clients.incoming,
        verdicts=clients.verdicts,
        accepted=clients.commands,
        refused=clients.refused,
        rights=CommandRights(settings.uploaders),
        now=clients.now,
    )
    ready = create_readiness_check(packages)
    return create_app(Ingest(promotion, verdicts, commands), settings.gcp_project, ready)


if __name__ == "__main__":
    main()
