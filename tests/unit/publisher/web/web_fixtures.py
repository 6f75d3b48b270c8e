"""Fixtures of the service web: its pages on a store that all instances share."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from packaging.metadata import RawMetadata

from cloud.ports import Headers
from publisher.render.listing import Listing
from publisher.site.page_content import Readme, Site
from publisher.web.main import RETRY
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_pages import WebPages
from publisher.web.web_plan import SIZES, PageSizes, WebPlan
from schemas import layout
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from testing.fakes.memory_ports import MemoryBucket
from unit.publisher.publisher_fixtures import ACME, Hook, ManualClock, Store

SITE = Site("Packages", "https://packages.example/simple/")


def render_readme(metadata: RawMetadata) -> Readme:
    """Render a description as it is, without a process."""
    return Readme(metadata.get("description", ""))


class WebInstance:
    """Instance of the service web; with one writer, a hook can stop it before each operation."""

    def __init__(
        self,
        store: Store,
        hook: Hook | None = None,
        clock: ManualClock | None = None,
        *,
        writers: int = 1,
        site: Site = SITE,
        sizes: PageSizes = SIZES,
    ) -> None:
        clock = clock or ManualClock()
        static, metadata, packages = (
            MemoryBucket(name, storage=store.storage) for name in ("static", "metadata", "packages")
        )
        static.before = metadata.before = packages.before = hook
        self.sources = ReleaseSources(packages, render_readme)
        retry = replace(RETRY, sleep=clock.sleep, chance=lambda: 0.5, clock=clock)
        self.pages = WebPages(static, metadata, self.sources, site, retry, writers, sizes)

    def publish(
        self, project: ProjectName = ACME, *, forced_at: datetime | None = None
    ) -> ProjectRecord:
        return self.pages.publish(project, forced_at=forced_at)


def mark_changes(record: ProjectRecord, changed: Mapping[str, int]) -> ProjectRecord:
    """Return a record with the revisions of its releases, as the indexer writes them."""
    return ProjectRecord.model_validate(
        {**dict(record), "changed": changed, "changed_at": record.revision}
    )


def put_metadata(store: Store, record: ProjectRecord) -> None:
    """Store METADATA for each wheel of a record, as ingest does."""
    packages = MemoryBucket("packages", storage=store.storage)
    for file in record.files.values():
        text = f"Metadata-Version: 2.1\nName: acme\nVersion: {file.version}\n\nAbout {file.version}"
        name = layout.locate_core_metadata(file.filename)
        packages.put(name, text.encode(), Headers("text/plain", "", {}))


def render_expected(
    store: Store,
    record: ProjectRecord,
    sizes: PageSizes = SIZES,
    site: Site = SITE,
) -> dict[str, bytes]:
    """Render all pages of a record, and the existing pages that it no longer needs."""
    sources = WebInstance(store).sources
    plan = WebPlan(record, Listing.from_record(record), read_web_pages(store), site, sources, sizes)
    return {
        page.name: page.render(plan.load(group))
        for group in plan.list_groups()
        for page in group.pages
    }


def read_web_pages(store: Store) -> dict[str, bytes]:
    """Return the stored pages for people and of the older JSON API."""
    pages = store.read_pages().items()
    return {name: data for name, data in pages if name.startswith(("projects/", "pypi/"))}
