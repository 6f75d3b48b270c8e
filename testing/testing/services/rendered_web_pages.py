"""Pages for people of records, rendered without files in the packages bucket."""

from collections.abc import Iterable

from publisher.render.listing import Listing
from publisher.site.page_content import Readme, Site
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_plan import WebPlan
from schemas.records import ProjectRecord
from testing.fakes.memory_ports import MemoryBucket


def render_web_pages(records: Iterable[ProjectRecord]) -> dict[str, bytes]:
    """Render all pages that the service web writes, by object name.

    No page contains the revision of its record.
    """
    site = Site("Python packages")
    sources = ReleaseSources(MemoryBucket("packages"), lambda metadata: Readme())
    plans = (WebPlan(each, Listing.from_record(each), (), site, sources) for each in records)
    return {
        page.name: page.render(plan.load(group))
        for plan in plans
        for group in plan.list_groups()
        for page in group.pages
    }
