"""The indexer's composition root: ``python -m indexer.main``."""

from datetime import UTC, datetime

from chassis import logs, settings
from chassis.server import serve
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
    configured = settings.load(Settings)
    logs.configure(configured.log_level)
    settings.log(configured)
    objects, messages = storage.connect(configured.project), pubsub.connect()
    metadata = StorageBucket(objects, configured.metadata_bucket)
    verdicts = StorageBucket(objects, configured.verdicts_bucket)
    indexed = PubsubTopic(messages, configured.project, configured.topic_project_indexed)
    refused = PubsubTopic(messages, configured.project, configured.topic_file_refused)
    indexer = Indexer(
        Records(metadata, indexed, now), Answers(verdicts, refused), now, configured.command_grace
    )
    app = create_app(indexer, configured.project, lambda: any(metadata.list("ready/")))
    serve(app, configured)


if __name__ == "__main__":
    main()
