import pytest

from cloud.errors import NotFound, TooManyRequests
from cloud.ports import Headers
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from schemas import layout
from schemas.records import ProjectRecord
from testing.storage import Fault
from unit.publisher.publisher_fixtures import (
    ACME,
    ManualClock,
    PublisherInstance,
    Store,
    make_hostile_record,
    make_record,
    make_removals,
    make_status,
)

NAMES = [kind.locate(ACME) for kind in KINDS]


def publish_record(of: ProjectRecord) -> Store:
    store = Store()
    store.index(of)
    PublisherInstance(store).publish()
    store.storage.counts.clear()
    return store


def has_pages_of(store: Store, of: ProjectRecord) -> bool:
    rendered = {kind.locate(ACME): kind.render(Listing.from_record(of)) for kind in KINDS}
    return {name: store.read(name) for name in NAMES} == rendered


def test_a_record_becomes_two_pages_with_their_types_and_its_revision() -> None:
    store = publish_record(make_record("acme-1.tar.gz"))
    assert has_pages_of(store, make_record("acme-1.tar.gz"))
    versions = [store.storage.get("static", name) for name in NAMES]
    assert [version.attributes.content_type for version in versions] == [
        "application/vnd.pypi.simple.v1+json",
        "text/html; charset=utf-8",
    ]
    assert {version.attributes.cache_control for version in versions} == {"private, no-cache"}
    assert [dict(version.attributes.metadata) for version in versions] == [
        {"record-revision": "1"}
    ] * 2


def test_a_first_publish_costs_two_writes_and_four_looks() -> None:
    store = Store()
    store.index(make_record("acme-1.tar.gz"))
    PublisherInstance(store).publish()
    assert store.storage.counts.requests == {
        "objects.get": 2,
        "objects.download": 2,
        "objects.insert": 2,
    }


def test_a_duplicate_costs_four_looks_and_writes_nothing() -> None:
    store = publish_record(make_hostile_record())
    PublisherInstance(store).publish()
    assert store.storage.counts.requests == {
        "objects.get": 2,
        "objects.download": 2,
    }


def test_only_pages_of_older_records_are_written() -> None:
    store = publish_record(make_record("acme-1.tar.gz"))
    store.static.remove(layout.locate_project_html(ACME))
    PublisherInstance(store).publish()
    assert store.storage.counts.requests["objects.insert"] == 1
    assert has_pages_of(store, make_record("acme-1.tar.gz"))


@pytest.mark.parametrize("metadata", [{}, {"record-revision": "new"}, {"record-revision": "0"}])
def test_a_page_that_does_not_say_it_is_of_this_record_is_written(metadata: dict[str, str]) -> None:
    store = Store()
    store.index(make_record())
    for name in NAMES:
        store.static.put(name, b"damaged", Headers("text/plain", "", metadata))
    PublisherInstance(store).publish()
    assert has_pages_of(store, make_record())


def test_force_writes_every_page_again() -> None:
    store = publish_record(make_record("acme-1.tar.gz"))
    store.static.put(NAMES[0], b"damaged", Headers("text/plain", "", {"record-revision": "1"}))
    PublisherInstance(store).publish(force=True)
    assert store.storage.counts.requests["objects.insert"] == 2
    assert has_pages_of(store, make_record("acme-1.tar.gz"))


def test_a_page_of_a_later_record_is_left_alone() -> None:
    store = publish_record(make_record("acme-1.tar.gz", revision=9))
    store.index(make_record(revision=8))
    assert PublisherInstance(store).publish().revision == 8
    assert "objects.insert" not in store.storage.counts.requests


def test_without_a_record_nothing_is_published() -> None:
    store = Store()
    with pytest.raises(NotFound):
        PublisherInstance(store).publish()
    assert store.read_pages() == {}


def test_pages_of_a_project_with_a_common_prefix_are_ignored() -> None:
    store = publish_record(make_record("acme-1.tar.gz"))
    store.index(make_record(project="acme-x", revision=9))
    PublisherInstance(store).pages.publish(make_record(project="acme-x").project, force=False)
    store.index(make_record("acme-1.tar.gz", "acme-2.tar.gz", revision=2))
    PublisherInstance(store).publish()
    assert has_pages_of(store, make_record("acme-1.tar.gz", "acme-2.tar.gz", revision=2))


def test_a_project_without_files_has_pages_that_offer_none() -> None:
    store = publish_record(make_record("acme-1.tar.gz"))
    store.index(make_record("acme-1.tar.gz", revision=2, removed=make_removals("acme-1.tar.gz")))
    PublisherInstance(store).publish()
    assert b'"files":[]' in store.read(layout.locate_project_json(ACME))
    assert b"<a " not in store.read(layout.locate_project_html(ACME))


def test_blocked_files_are_written_before_the_first_page() -> None:
    store, written = Store(), list[str]()
    store.index(make_record("acme-1.tar.gz", status=make_status("quarantined")))

    def hook(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert":
            written.append(name)

    PublisherInstance(store, hook).publish()
    assert written == [layout.BLOCKED, *NAMES]


def test_a_name_written_too_often_is_waited_for() -> None:
    store, clock = Store(), ManualClock()
    store.index(make_record())
    store.static.fault(Fault("error", operation="objects.insert", status=429, times=2))
    PublisherInstance(store, clock=clock).publish()
    assert has_pages_of(store, make_record())
    assert clock.slept == [1, 2]


def test_a_name_written_too_often_for_too_long_is_given_back() -> None:
    store, clock = Store(), ManualClock()
    store.index(make_record())
    store.static.fault(Fault("error", operation="objects.insert", status=429, times=None))
    with pytest.raises(TooManyRequests):
        PublisherInstance(store, clock=clock).publish()
    assert clock.now <= 120
