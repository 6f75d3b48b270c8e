"""The indexer's composition root: ``python -m indexer.main``."""

from datetime import UTC, datetime

from chassis import logs
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from cloud import pubsub, storage
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from indexer.answers import Answers
from indexer.app import Indexer, create_app
from indexer.commit import Records
from indexer.settings import Settings


def now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


def main() -> None:
    """Read the settings, build the clients, hand them over, and serve."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    objects, messages = storage.connect(settings.project), pubsub.connect()
    metadata = StorageBucket(objects, settings.metadata_bucket)
    verdicts = StorageBucket(objects, settings.verdicts_bucket)
    indexed = PubsubTopic(messages, settings.project, settings.topic_project_indexed)
    refused = PubsubTopic(messages, settings.project, settings.topic_file_refused)
    indexer = Indexer(
        Records(metadata, indexed, now), Answers(verdicts, refused), now, settings.command_grace
    )
    app = create_app(indexer, settings.project, lambda: any(metadata.list("ready/")))
    serve(app, settings)


if __name__ == "__main__":
    main()
