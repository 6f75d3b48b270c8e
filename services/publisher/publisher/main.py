"""The publisher's composition root: ``python -m publisher.main``."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette

from chassis import logs
from chassis.outcomes import Outcome
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from cloud import pubsub, storage
from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Topic
from cloud.retry import Backoff, Retry
from publisher import app
from publisher.blocked import BlockedList
from publisher.catalog import Catalog
from publisher.pages import ProjectPages
from publisher.service import Publisher
from publisher.settings import Settings
from publisher.throttle import Throttle
from schemas.events import ProjectIndexed
from schemas.names import ProjectName

THREADS = 32
"""Projects published at once by one process; each mostly waits for Cloud Storage."""

DEADLINE = 120.0
"""Seconds within which a protocol is repeated. With the pauses and the commit before it, a push is
answered well within its 600 s; then Pub/Sub delivers it again."""

RETRY = Retry(
    {
        PreconditionFailed: Backoff(first=0.05, longest=0.4),
        TooManyRequests: Backoff(first=1.0, longest=8.0),
    },
    DEADLINE,
)
"""Repeats a protocol from its beginning, with a jitter that separates two instances.

Soon after a lost race (412). A second after 429: Cloud Storage accepts about one write per second
to one name.
"""


def compose(settings: Settings, static: Bucket, metadata: Bucket, published: Topic) -> Starlette:
    """Put the application together from what it stands on."""
    blocked = BlockedList(static, RETRY)
    publisher = Publisher(ProjectPages(static, metadata, blocked, RETRY), published)
    catalog = Catalog(static, metadata, settings.title, RETRY)
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="publisher")

    async def commit(
        project: ProjectName, changes: Sequence[ProjectIndexed]
    ) -> list[Outcome | Exception]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, publisher.publish, project, changes)

    async def run_catalog() -> None:
        await asyncio.get_running_loop().run_in_executor(threads, catalog.publish)

    throttle = Throttle(
        run_catalog, settings.catalog_interval, clock=time.monotonic, sleep=asyncio.sleep
    )

    def ready() -> None:
        for bucket in (static, metadata):
            next(bucket.list("ready/"), None)

    return app.make(settings.project, commit=commit, catalog=throttle.run, ready=ready)


def main() -> None:
    """Read the settings, connect, serve until SIGTERM."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    client = storage.connect(settings.project)
    topic = pubsub.PubsubTopic(pubsub.connect(), settings.project, settings.topic_project_published)
    static = storage.StorageBucket(client, settings.static_bucket)
    metadata = storage.StorageBucket(client, settings.metadata_bucket)
    serve(compose(settings, static, metadata, topic), settings)


if __name__ == "__main__":
    main()
