"""Requests and threads of the check of a project's pages for people."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

from packaging.metadata import RawMetadata

from publisher.render.listing import Listing
from publisher.repair.difference import Difference
from publisher.repair.web_check import WebCheck
from publisher.site.page_content import Readme, Site
from publisher.web.readme_process import ReadmeRenderer, show_late, show_text
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_plan import WebPlan
from schemas.records import ProjectRecord
from testing.services.memory_index import MemoryIndex

from .web_checks import make_web_check

RELEASES = [f"{number}.0" for number in range(1, 21)]


def start_check(index: MemoryIndex, threads: set[int]) -> Iterator[Difference]:
    """Check the project; note the threads that render descriptions."""

    def render(metadata: RawMetadata) -> Readme:
        threads.add(threading.get_ident())
        return Readme()

    stored = index.buckets["metadata"].read("projects/many.json")
    assert stored is not None
    sources = ReleaseSources(index.buckets["packages"], render)
    check = WebCheck(index.buckets["static"], sources, Site("Python packages"))
    return check.check(ProjectRecord.model_validate_json(stored.data))


def publish_releases() -> MemoryIndex:
    index = MemoryIndex()
    index.run(*(index.upload("many", version) for version in RELEASES))
    return index


def test_a_project_is_checked_in_one_thread_and_release_after_release() -> None:
    index, threads = publish_releases(), set[int]()
    for version in ("20.0", "1.0"):
        name = f"projects/many/{version}/index.html"
        live = index.storage.get("static", name)
        index.storage.insert("static", name, b"damaged", live.attributes)
    counts = index.storage.counts
    counts.clear()
    findings = start_check(index, threads)
    assert next(findings).object.endswith("many/20.0/index.html")
    read_first = counts.requests["objects.download"]
    [last] = list(findings)
    assert last.object.endswith("many/1.0/index.html")
    assert threads == {threading.get_ident()}
    # METADATA and two pages of each release; for the project two pages, three lists and the feed.
    assert read_first < 10
    of_project = 6
    assert counts.requests["objects.download"] == 3 * len(RELEASES) + of_project


def replace_pages(index: MemoryIndex, render: Callable[[RawMetadata], Readme]) -> ProjectRecord:
    """Render the pages again, with another renderer of descriptions; return the record."""
    stored = index.buckets["metadata"].read("projects/slow.json")
    assert stored is not None
    record = ProjectRecord.model_validate_json(stored.data)
    sources = ReleaseSources(index.buckets["packages"], render)
    plan = WebPlan(record, Listing.from_record(record), (), Site("Python packages"), sources)
    for group in plan.list_groups():
        content = plan.load(group)
        for page in group.pages:
            live = index.storage.get("static", page.name)
            index.storage.insert("static", page.name, page.render(content), live.attributes)
    return record


def test_a_description_that_was_late_in_web_is_no_difference() -> None:
    index = MemoryIndex()
    index.run(index.upload("slow", "1.0", "# A *slow* description"))
    record = replace_pages(index, show_late)

    assert list(make_web_check(index).check(record)) == []


def test_the_service_web_shows_the_same_text_of_a_late_description() -> None:
    endless = "<div>" * 100_000
    metadata: RawMetadata = {"description": endless, "description_content_type": "text/markdown"}

    with closing(ReadmeRenderer(children=1)) as renderer:
        assert renderer.render(metadata) == show_late(metadata)


def test_another_text_in_place_of_a_description_is_a_difference() -> None:
    index = MemoryIndex()
    index.run(index.upload("slow", "1.0", "# A *slow* description"))
    record = replace_pages(index, lambda metadata: show_text("Pay here", "it is late"))

    found = [each.object for each in make_web_check(index).check(record)]

    assert found == [
        "gs://static/projects/slow/1.0/index.html",
        "gs://static/projects/slow/index.html",
    ]


def test_a_check_lists_twice_and_notes_are_read_once() -> None:
    index = publish_releases()
    index.storage.counts.clear()
    assert list(start_check(index, set())) == []
    requests = index.storage.counts.requests
    assert requests["objects.list"] == 2
    assert requests["objects.get"] == len(RELEASES)
