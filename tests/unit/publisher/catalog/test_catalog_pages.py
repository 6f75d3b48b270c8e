import json
from dataclasses import replace

import pytest

from cloud.errors import MissingBucket
from cloud.ports import Headers
from publisher.site.assets import ASSETS
from publisher.site.page_content import Site
from schemas import layout, web_layout
from schemas.headers import IMMUTABLE
from testing.storage import Fault
from unit.publisher.publisher_fixtures import ManualClock, PublisherInstance, Store, make_record

WRITTEN = {
    "changes.json": "application/json",
    "changes/index.html": "text/html; charset=utf-8",
    "feed.xml": "application/atom+xml; charset=utf-8",
    "index.html": "text/html; charset=utf-8",
    "projects/page1.html": "text/html; charset=utf-8",
    "recent.json": "application/json",
    "search.json": "application/json",
    "search/index.html": "text/html; charset=utf-8",
    "simple/index.html": "text/html; charset=utf-8",
    "simple/index.v1.json": "application/vnd.pypi.simple.v1+json",
    "totals.json": "application/json",
}
"""Media types of the objects of an empty index, without the assets."""
ALWAYS = {"changes.json", "feed.xml", "recent.json", "search.json", "totals.json"}
"""Objects that each run writes."""
LISTS = {"simple/index.html", "simple/index.v1.json"}
"""Objects that a run with a new project writes."""


def list_projects(store: Store) -> list[str]:
    return [project["name"] for project in json.loads(store.read(layout.ROOT_JSON))["projects"]]


def list_generations(store: Store) -> dict[str, int]:
    return {info.name: info.generation for info in store.static.list()}


def list_changes(store: Store, before: dict[str, int]) -> set[str]:
    """Return the names of the objects with another generation than before."""
    return {name for name, each in list_generations(store).items() if before.get(name) != each}


def test_it_lists_every_record_by_name_and_reads_none() -> None:
    store = Store()
    store.index(make_record(project="a-b"), make_record(project="a"), make_record("acme-1.tar.gz"))
    assert PublisherInstance(store).catalog.publish() == 3
    shards = {"search/a.json", "search/a-.json", "search/ac.json"}
    assert store.storage.counts.requests == {
        "objects.get": 9,
        "objects.list": 4,
        "objects.insert": len(ASSETS) + len(WRITTEN) + len(shards),
    }
    assert list_projects(store) == ["a", "a-b", "acme"]
    assert store.read_catalog().keys() == WRITTEN.keys() | shards


def test_every_page_has_its_type() -> None:
    store = Store()
    PublisherInstance(store).catalog.publish()
    found = {info.name: info.content_type for info in store.static.list()}
    assert found == WRITTEN | {asset.object_name: asset.media_type for asset in ASSETS.values()}


def test_only_objects_of_the_same_source_are_skipped() -> None:
    store = Store()
    store.index(make_record("acme-1.tar.gz"), make_record(project="zebra"))
    PublisherInstance(store).catalog.publish()
    before = list_generations(store)
    PublisherInstance(store).catalog.publish()
    assert list_changes(store, before) == ALWAYS
    store.index(make_record("acme-1.tar.gz", revision=2))
    PublisherInstance(store).catalog.publish()
    changed = ALWAYS | {"search/ac.json", "projects/page1.html"}
    assert list_changes(store, before) == changed
    store.index(make_record(project="acme-new"))
    PublisherInstance(store).catalog.publish()
    assert list_changes(store, before) == changed | LISTS


def test_a_usual_run_has_few_requests() -> None:
    store = Store()
    store.index(make_record("acme-1.tar.gz"))
    PublisherInstance(store).catalog.publish()
    store.index(make_record("acme-1.tar.gz", revision=2))
    store.storage.counts.clear()
    PublisherInstance(store).catalog.publish()
    assert store.storage.counts.requests == {
        "objects.get": 9,
        "objects.list": 3,
        "objects.insert": 7,
    }


def test_home_search_and_changes_are_written_again_in_another_form() -> None:
    store = Store()
    PublisherInstance(store).catalog.publish()
    before = list_generations(store)
    renamed = replace(PublisherInstance(store).catalog, site=Site("Other packages"))
    renamed.publish()
    shells = {"changes/index.html", "index.html", "search/index.html"}
    assert list_changes(store, before) == ALWAYS | shells | {"projects/page1.html"}


def test_a_new_home_page_needs_its_assets() -> None:
    store, style = Store(), ASSETS["style.css"]
    PublisherInstance(store).catalog.publish()
    for name in (style.object_name, layout.HOME):
        store.static.remove(name)
    PublisherInstance(store).catalog.publish()
    assert store.static.stat(style.object_name) is not None


def test_force_writes_every_object_but_no_asset() -> None:
    store = Store()
    store.index(make_record("acme-1.tar.gz"))
    PublisherInstance(store).catalog.publish()
    before = list_generations(store)
    PublisherInstance(store).catalog.publish(force=True)
    assert list_changes(store, before) == store.read_catalog().keys()


def test_a_shard_without_projects_becomes_empty() -> None:
    store = Store()
    store.index(make_record(project="zebra"))
    PublisherInstance(store).catalog.publish()
    store.metadata.remove(layout.locate_record(make_record(project="zebra").project))
    PublisherInstance(store).catalog.publish()
    assert json.loads(store.read("search/ze.json")) == []


def test_assets_are_there_before_the_pages_and_never_change() -> None:
    store, order = Store(), list[str]()

    def note(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert":
            order.append(name)

    PublisherInstance(store, note).catalog.publish()
    assets = [asset.object_name for asset in ASSETS.values()]
    assert order[: len(assets)] == assets
    stored = store.storage.get("static", assets[0])
    assert (stored.data, stored.attributes.cache_control) == (ASSETS["changes.js"].data, IMMUTABLE)


def test_an_asset_that_another_instance_writes_first_is_no_error() -> None:
    store, style = Store(), ASSETS["style.css"]

    def race(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert" and name == style.object_name:
            store.static.put(name, style.data)

    PublisherInstance(store, race).catalog.publish()
    assert store.read_catalog().keys() == WRITTEN.keys()


def test_a_project_without_files_is_listed() -> None:
    store = Store()
    store.index(make_record(project="empty"))
    PublisherInstance(store).catalog.publish()
    assert list_projects(store) == ["empty"]
    assert json.loads(store.read(web_layout.SEARCH)) == [{"project": "empty", "files": 0}]


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
    assert store.read_catalog().keys() == WRITTEN.keys()
    assert clock.slept == [1]


def test_a_bucket_that_is_not_there_is_an_error() -> None:
    store = Store()
    del store.storage.buckets["metadata"]
    instance = PublisherInstance(store)
    del store.storage.buckets["metadata"]
    with pytest.raises(MissingBucket, match="gs://metadata/"):
        instance.catalog.publish()
