import json

import pytest

from cloud.errors import MissingBucket
from cloud.ports import Headers
from publisher.catalog_pages import render_catalog, sort_by_upload
from publisher.render.templates import ENTRIES_PER_PAGE
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.records import ProjectRecord
from testing.fakes.examples import make_file_record, make_time
from testing.storage import Fault
from unit.publisher.publisher_fixtures import ManualClock, PublisherInstance, Store, make_record

HOME = ["changelog/page1.html", "index.html", "simple/index.html", "simple/index.v1.json"]


def make_entry(project: str, seconds: float | None) -> CatalogEntry:
    name = f"{project.replace('-', '_')}-1.tar.gz"
    if seconds is None:
        return CatalogEntry.from_record(make_record(project=project))
    file = make_file_record(name, upload_time=make_time(seconds))
    return CatalogEntry.from_record(
        ProjectRecord(project=file.project, revision=1, files={file.filename: file})
    )


def list_projects(store: Store) -> list[str]:
    return [project["name"] for project in json.loads(store.read(layout.ROOT_JSON))["projects"]]


def test_it_lists_every_record_by_name_and_reads_none() -> None:
    store = Store()
    store.index(make_record(project="a-b"), make_record(project="a"), make_record("acme-1.tar.gz"))
    assert PublisherInstance(store).catalog.publish() == 3
    assert store.storage.counts.requests == {
        "objects.get": 3,
        "objects.list": 2,
        "objects.insert": 4,
    }
    assert list_projects(store) == ["a", "a-b", "acme"]
    assert list(store.read_pages()) == HOME


def test_every_page_has_its_type() -> None:
    store = Store()
    PublisherInstance(store).catalog.publish()
    assert {info.name: info.content_type for info in store.static.list()} == {
        "changelog/page1.html": "text/html; charset=utf-8",
        "index.html": "text/html; charset=utf-8",
        "simple/index.html": "text/html; charset=utf-8",
        "simple/index.v1.json": "application/vnd.pypi.simple.v1+json",
    }


def test_pages_are_written_even_if_nothing_changed() -> None:
    store = Store()
    PublisherInstance(store).catalog.publish()
    before = {info.name: info.generation for info in store.static.list()}
    PublisherInstance(store).catalog.publish()
    after = {info.name: info.generation for info in store.static.list()}
    assert all(after[name] != generation for name, generation in before.items())


def test_a_project_without_files_is_listed_but_not_in_the_changelog() -> None:
    store = Store()
    store.index(make_record(project="empty"))
    PublisherInstance(store).catalog.publish()
    assert list_projects(store) == ["empty"]
    assert b"empty" not in store.read("changelog/page1.html")


def test_the_changelog_begins_with_the_newest_upload() -> None:
    entries = [
        make_entry("b", 1),
        make_entry("old", 0),
        make_entry("a", 1),
        make_entry("none", None),
        make_entry("new", 2),
    ]
    assert [one.project for one in sort_by_upload(entries)] == ["new", "a", "b", "old"]


def test_the_changelog_has_as_many_pages_as_it_takes() -> None:
    entries = [make_entry("acme", 0)] * (ENTRIES_PER_PAGE + 1)
    pages = {name: data for name, _, data in render_catalog(entries, "Packages", {})}
    assert sorted(pages) == sorted([*HOME, "changelog/page2.html"])
    assert pages["changelog/page2.html"].count(b'href="../simple/acme/"') == 1


def test_pages_beyond_the_last_are_left_without_entries() -> None:
    store = Store()
    store.index(make_record("acme-1.tar.gz"))
    for name in ("changelog/page2.html", "changelog/page3.html"):
        store.static.put(name, b"old")
    PublisherInstance(store).catalog.publish()
    for name in ("changelog/page2.html", "changelog/page3.html"):
        assert b"Latest uploads" in store.read(name)
        assert b"acme" not in store.read(name)


@pytest.mark.parametrize("name", ["projects/acme.json", "projects/", "projects/Not A Name.json"])
def test_an_object_that_is_not_a_record_is_left_out_and_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store()
    store.index(make_record(project="zebra"))
    store.metadata.put(name, b"{}", Headers("application/json", ""))
    assert PublisherInstance(store).catalog.publish() == 1
    assert list_projects(store) == ["zebra"]
    assert f"left out of the catalog: {name} is not a record" in caplog.text


def test_a_record_with_invalid_custom_metadata_is_read() -> None:
    store = Store()
    store.index(make_record("acme-1.tar.gz"), make_record(project="zebra"))
    whole = store.metadata.read("projects/acme.json")
    assert whole is not None
    store.metadata.put("projects/acme.json", whole.data, Headers("application/json", ""))
    assert PublisherInstance(store).catalog.publish() == 2
    assert list_projects(store) == ["acme", "zebra"]


def test_a_page_written_too_often_is_waited_for() -> None:
    store, clock = Store(), ManualClock()
    store.static.fault(Fault("error", operation="objects.insert", status=429))
    PublisherInstance(store, clock=clock).catalog.publish()
    assert list(store.read_pages()) == HOME
    assert clock.slept == [1]


def test_a_bucket_that_is_not_there_is_an_error() -> None:
    store = Store()
    del store.storage.buckets["metadata"]
    instance = PublisherInstance(store)
    del store.storage.buckets["metadata"]
    with pytest.raises(MissingBucket, match="gs://metadata/"):
        instance.catalog.publish()
