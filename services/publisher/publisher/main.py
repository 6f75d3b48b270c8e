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
from cloud.ports import Bucket, Topic
from cloud.pubsub import PubsubTopic
from cloud.retry import Retry
from cloud.storage import StorageBucket
from publisher.app import Publisher, create_app
from publisher.blocked import BlockedList
from publisher.catalog.catalog_pages import Catalog
from publisher.project_pages import ProjectPages
from publisher.projects import Projects
from publisher.settings import Settings
from publisher.site.page_content import Site
from publisher.stored_pages import BACKOFFS

DEADLINE = 120.0
"""Seconds after which the publisher no longer repeats a publication.

The push then fails, and Pub/Sub delivers the message again. A push must be answered within 600 s.
The deadline leaves enough time for the preceding publication, and for the pause between catalog
runs.
"""

RETRY = Retry(BACKOFFS, DEADLINE)
"""Retry of a publication from its first step."""


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
    pages = ProjectPages(static, metadata, BlockedList(static, RETRY), RETRY)
    site = Site(settings.title, settings.index_url)
    catalog = Catalog(static, metadata, site, RETRY)
    publisher = Publisher(Projects(pages, clients.published), catalog, settings.catalog_interval)
    return create_app(publisher, settings.gcp_project, create_readiness_check(static, metadata))


if __name__ == "__main__":
    main()
