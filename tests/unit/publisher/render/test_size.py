"""Large records: the pages list all files, and the work grows with their number."""

import json

from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from schemas.records import ProjectRecord
from testing.calls import count_calls
from unit.publisher.publisher_fixtures import make_record


def make_record_with_files(count: int) -> ProjectRecord:
    return make_record(*[f"acme-{n // 50}.{n % 50}-py3-none-any.whl" for n in range(count)])


def render_pages(record: ProjectRecord) -> list[bytes]:
    listing = Listing.from_record(record)
    return [kind.render(listing) for kind in KINDS]


def test_ten_thousand_files_are_all_listed() -> None:
    simple, html = render_pages(make_record_with_files(10_000))
    assert len(json.loads(simple)["files"]) == 10_000
    assert html.count(b"<a href=") == 10_000


def test_twice_the_files_take_twice_the_calls() -> None:
    half, whole = make_record_with_files(500), make_record_with_files(1000)
    render_pages(half)  # compiles the templates
    calls = count_calls(lambda: render_pages(half))
    assert count_calls(lambda: render_pages(whole)) < 2.2 * calls


def test_a_listing_takes_a_limited_number_of_calls_for_each_file() -> None:
    """At the time of writing 111 calls of Python 3.11; 187 before registers of uploaders."""
    record = make_record_with_files(500)
    Listing.from_record(record)
    assert count_calls(lambda: Listing.from_record(record)) < 150 * 500
