"""Ingest's composition root: ``python -m ingest.main``."""

from datetime import UTC, datetime

from chassis import logs
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from cloud import pubsub, storage
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from ingest.app import Ingest, create_app
from ingest.closing import Closing
from ingest.promotion import Promotion
from ingest.settings import Settings
from ingest.verdicts import Verdicts


def now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


def main() -> None:
    """Read the settings, build the clients, hand them over, and serve."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    objects, messages = storage.connect(settings.project), pubsub.connect()
    packages = StorageBucket(objects, settings.packages_bucket)
    verdicts = Verdicts(
        bucket=StorageBucket(objects, settings.verdicts_bucket),
        accepted=PubsubTopic(messages, settings.project, settings.topic_file_accepted),
        refused=PubsubTopic(messages, settings.project, settings.topic_file_refused),
        now=now,
    )
    closing = Closing(
        metadata=StorageBucket(objects, settings.metadata_bucket),
        packages=packages,
        release_closes_after=settings.release_closes_after,
    )
    promotion = Promotion(
        incoming=StorageBucket(objects, settings.incoming_bucket),
        packages=packages,
        policy=settings.policy(),
        refusal=verdicts.refusal_of,
        expect_open=closing.expect_open,
    )
    app = create_app(
        Ingest(promotion, verdicts), settings.project, lambda: any(packages.list("ready/"))
    )
    serve(app, settings)


if __name__ == "__main__":
    main()
