"""Large records: pages list all files, and the CPU time stays within its bounds."""

import json
import time

from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from schemas.records import ProjectRecord
from unit.publisher.publisher_fixtures import make_record


def make_record_with_files(count: int) -> ProjectRecord:
    return make_record(*[f"acme-{n // 50}.{n % 50}-py3-none-any.whl" for n in range(count)])


def render_pages(of: ProjectRecord) -> tuple[list[bytes], float]:
    """Render all pages twice; return them with the shorter CPU time in seconds."""
    seconds = []
    for _ in range(2):
        started = time.process_time()
        listing = Listing.from_record(of)
        pages = [kind.render(listing) for kind in KINDS]
        seconds.append(time.process_time() - started)
    return pages, min(seconds)


def test_ten_thousand_files_are_all_listed_within_three_seconds() -> None:
    (simple, html, legacy), seconds = render_pages(make_record_with_files(10_000))
    assert len(json.loads(simple)["files"]) == 10_000
    assert html.count(b"<a\n") == 10_000
    assert sum(map(len, json.loads(legacy)["releases"].values())) == 10_000
    assert seconds <= 3


def test_a_hundred_files_take_at_most_fifty_milliseconds() -> None:
    _, seconds = render_pages(make_record_with_files(100))
    assert seconds <= 0.05
