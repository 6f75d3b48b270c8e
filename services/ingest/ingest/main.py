"""Ingest's composition root: ``python -m ingest.main``."""

from datetime import UTC, datetime

from chassis import logs, settings
from chassis.server import serve
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
    configured = settings.load(Settings)
    logs.configure(configured.log_level)
    settings.log(configured)
    objects, messages = storage.connect(configured.project), pubsub.connect()
    packages = StorageBucket(objects, configured.packages_bucket)
    verdicts = Verdicts(
        bucket=StorageBucket(objects, configured.verdicts_bucket),
        accepted=PubsubTopic(messages, configured.project, configured.topic_file_accepted),
        refused=PubsubTopic(messages, configured.project, configured.topic_file_refused),
        now=now,
    )
    closing = Closing(
        metadata=StorageBucket(objects, configured.metadata_bucket),
        packages=packages,
        release_closes_after=configured.release_closes_after,
    )
    promotion = Promotion(
        incoming=StorageBucket(objects, configured.incoming_bucket),
        packages=packages,
        policy=configured.policy(),
        refusal=verdicts.refusal_of,
        expect_open=closing.expect_open,
    )
    app = create_app(
        Ingest(promotion, verdicts), configured.project, lambda: any(packages.list("ready/"))
    )
    serve(app, configured)


if __name__ == "__main__":
    main()
