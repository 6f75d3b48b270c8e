"""Composition root of the publisher: ``python -m publisher.main``."""

from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette

from chassis import logs
from chassis.app import create_readiness_check
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from chassis.tracing import build_attributes
from cloud import pubsub, storage
from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Topic
from cloud.pubsub import PubsubTopic
from cloud.retry import Backoff, Retry
from cloud.storage import StorageBucket
from publisher.app import Publisher, create_app
from publisher.blocked import BlockedList
from publisher.catalog_pages import Catalog
from publisher.project_pages import ProjectPages, create_kinds
from publisher.projects import Projects
from publisher.settings import Settings

DEADLINE = 120.0
"""Seconds after which the publisher no longer repeats a publication.

The push then fails, and Pub/Sub delivers the message again. A push must be answered within 600 s.
The deadline leaves enough time for the preceding publication, and for the pause between catalog
runs.
"""

RETRY = Retry(
    {
        PreconditionFailed: Backoff(first=0.05, longest=0.4),
        TooManyRequests: Backoff(first=1.0, longest=8.0),
    },
    DEADLINE,
)
"""Retry of a publication from its first step, with jitter that separates two instances.

The pause is short if another instance wrote first (412). After 429 the first pause is about one
second, because Cloud Storage accepts about one write per second per object name.
"""


def main() -> None:
    """Read the settings, create the clients, and serve until SIGTERM."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    serve(build_app(settings, connect(settings)), settings)


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of Google Cloud."""

    static: Bucket
    metadata: Bucket
    published: Topic


def connect(settings: Settings) -> Clients:
    """Create the clients, without a request to Google Cloud."""
    bucket = partial(StorageBucket, storage.connect(settings.gcp_project))
    topic = partial(
        PubsubTopic, pubsub.connect(), settings.gcp_project, build_attributes=build_attributes
    )
    return Clients(
        static=bucket(settings.static_bucket),
        metadata=bucket(settings.metadata_bucket),
        published=topic(settings.topic_project_published),
    )


def build_app(settings: Settings, clients: Clients) -> Starlette:
    """Create the application from its settings and clients."""
    static, metadata = clients.static, clients.metadata
    kinds = create_kinds(settings.index_url)
    pages = ProjectPages(static, metadata, BlockedList(static, RETRY), RETRY, kinds)
    catalog = Catalog(static, metadata, settings.title, RETRY)
    publisher = Publisher(Projects(pages, clients.published), catalog, settings.catalog_interval)
    return create_app(publisher, settings.gcp_project, create_readiness_check(static, metadata))


if __name__ == "__main__":
    main()
