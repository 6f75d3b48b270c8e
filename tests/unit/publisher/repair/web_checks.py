"""Check of the pages for people on an index in memory, for the tests of verify."""

from publisher.repair.web_check import WebCheck
from publisher.site.page_content import Site
from publisher.web.readme_process import ReadmeRenderer
from publisher.web.release_sources import ReleaseSources
from testing.services.memory_index import MemoryIndex


def make_web_check(index: MemoryIndex, index_url: str | None = None) -> WebCheck:
    """Return the check with the settings of :class:`testing.services.pipeline.Pipeline`."""
    sources = ReleaseSources(index.buckets["packages"], ReadmeRenderer().render)
    return WebCheck(index.buckets["static"], sources, Site("Python packages", index_url))
