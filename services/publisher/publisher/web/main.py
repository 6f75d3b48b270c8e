"""Composition root of the service web: ``python -m publisher.web.main``."""

from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette

from chassis import logs
from chassis.app import create_readiness_check
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from cloud import storage
from cloud.ports import Bucket
from cloud.retry import Retry
from cloud.storage import StorageBucket
from publisher.site.page_content import Site
from publisher.stored_pages import BACKOFFS
from publisher.web.app import Web, create_app
from publisher.web.readme_process import ReadmeRenderer
from publisher.web.release_sources import ReleaseSources
from publisher.web.settings import Settings
from publisher.web.web_pages import WebPages

DEADLINE = 300.0
"""Seconds after which the service no longer repeats a publication.

The push then fails, and Pub/Sub delivers the message again. A push must be answered within 600 s;
the rest is for the last attempt.
"""

RETRY = Retry(BACKOFFS, DEADLINE)
"""Retry of a publication from its first step; the pages that it has written are skipped."""


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
    packages: Bucket


def connect(settings: Settings) -> Clients:
    """Create the clients, without a request to Google Cloud."""
    bucket = partial(StorageBucket, storage.connect(settings.gcp_project))
    return Clients(
        static=bucket(settings.static_bucket),
        metadata=bucket(settings.metadata_bucket),
        packages=bucket(settings.packages_bucket),
    )


def build_app(settings: Settings, clients: Clients) -> Starlette:
    """Create the application from its settings and clients."""
    static, metadata, packages = clients.static, clients.metadata, clients.packages
    site = Site(settings.title, settings.index_url, settings.readme_images)
    readmes = ReadmeRenderer(images=settings.readme_images)
    sources = ReleaseSources(packages, readmes.render)
    pages = WebPages(static, metadata, sources, site, RETRY)
    ready = create_readiness_check(static, metadata, packages)
    return create_app(Web(pages), settings.gcp_project, ready)


if __name__ == "__main__":
    main()
