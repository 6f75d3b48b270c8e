"""Expected objects of the static bucket: the pages of the expected records.

The product's pure renderers write the bytes; records and files come from the model. So a page that
was rendered from an older record, or from no record, differs.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cloud.ports import Headers
from local import topology
from publisher.blocked import build_needed_entry
from publisher.catalog.catalog_objects import CatalogContent
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from publisher.site.assets import ASSETS
from publisher.site.page_content import Readme, Site
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_plan import WebPlan
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from schemas.headers import BINARY, IMMUTABLE
from schemas.names import ProjectName
from schemas.records import Blocked, ProjectRecord
from testing.chaos.expected_state.expected_facts import PromotedUpload
from testing.chaos.system_state import SystemState
from testing.fakes.memory_ports import MemoryBucket


@dataclass(frozen=True)
class ExpectedPage:
    """Object of the static bucket."""

    data: bytes = field(repr=False)
    revision: int | None = None
    """Its ``record-revision``; None for objects without one."""


def render_all(
    records: Sequence[ProjectRecord],
    promoted: Mapping[str, PromotedUpload],
    state: SystemState,
    site: Site,
) -> dict[str, ExpectedPage]:
    """Render all objects by name; pages that exist without content stay, as pages do."""
    packages = _fill_bucket(promoted)
    existing = state.buckets[topology.STATIC]
    pages = dict[str, ExpectedPage]()
    for record in records:
        pages |= _render_installer_pages(record)
        pages |= _render_web_pages(record, packages, site, existing)
    return pages | dict(_render_catalog(records, site)) | _render_blocked(records)


def _render_installer_pages(record: ProjectRecord) -> dict[str, ExpectedPage]:
    listing = Listing.from_record(record)
    return {
        kind.locate(record.project): ExpectedPage(kind.render(listing), record.revision)
        for kind in KINDS
    }


def _render_web_pages(
    record: ProjectRecord, packages: MemoryBucket, site: Site, existing: Collection[str]
) -> dict[str, ExpectedPage]:
    sources = ReleaseSources(packages, lambda metadata: Readme())
    prefix = web_layout.locate_web_pages(ProjectName(record.project))
    mine = {name for name in existing if name.startswith(prefix)}
    plan = WebPlan(record, Listing.from_record(record), mine, site, sources)
    found = dict[str, ExpectedPage]()
    for group in plan.list_groups():
        content = plan.load(group)
        for page in group.pages:
            found[page.name] = ExpectedPage(page.render(content), page.needed)
    return found


def _fill_bucket(promoted: Mapping[str, PromotedUpload]) -> MemoryBucket:
    """Return the packages bucket of the promoted files."""
    bucket = MemoryBucket("packages")
    for name, file in promoted.items():
        headers = Headers(BINARY, IMMUTABLE, file.build_custom_metadata())
        bucket.put(name, file.file.step.data, headers)
        bucket.put(f"{name}{layout.METADATA_SUFFIX}", file.metadata)
    return bucket


def _render_catalog(
    records: Sequence[ProjectRecord], site: Site
) -> Iterator[tuple[str, ExpectedPage]]:
    entries = sorted(map(CatalogEntry.from_record, records), key=lambda entry: entry.project)
    for each in CatalogContent(entries, site).list_objects():
        yield each.name, ExpectedPage(each.render())
    for asset in ASSETS.values():
        yield asset.object_name, ExpectedPage(asset.data)


def _render_blocked(records: Sequence[ProjectRecord]) -> dict[str, ExpectedPage]:
    found = {record.project: build_needed_entry(record) for record in records}
    entries = {name: entry for name, entry in sorted(found.items()) if entry}
    if not entries:
        return {}
    return {layout.BLOCKED: ExpectedPage(Blocked(projects=entries).encode())}
