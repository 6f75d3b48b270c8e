"""Pages for people: what is read and written, and what an error leaves behind."""

import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from packaging.metadata import RawMetadata

from cloud.errors import NotFound, PreconditionFailed, Unavailable
from cloud.ports import Headers
from publisher.site.page_content import Readme, Site
from publisher.web.web_plan import PageSizes
from schemas import layout, web_layout
from schemas.file_notes import FileNotes
from schemas.headers import ATOM
from schemas.names import Filename, Version
from schemas.records import ProjectRecord
from testing.fakes.examples import NOON
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import Fault
from unit.publisher.publisher_fixtures import ACME, ManualClock, Store, make_record, make_removals
from unit.publisher.web.web_fixtures import (
    WebInstance,
    mark_changes,
    put_metadata,
    read_web_pages,
    render_expected,
)

PAGES_OF_PROJECT = [
    "projects/acme/feed.xml",
    "projects/acme/history/index.html",
    "projects/acme/index.html",
    "projects/acme/releases.json",
    "pypi/acme/json",
]


def list_release_pages(*versions: str) -> list[str]:
    return [
        name
        for version in versions
        for name in (f"projects/acme/{version}/index.html", f"pypi/acme/{version}/json")
    ]


def make_wheels(*versions: str, revision: int = 1, **changed: int) -> ProjectRecord:
    """Make a record with a wheel for each version; all releases have its revision.

    :param changed: revisions of other releases, for example ``r1=1`` for release 1.
    """
    record = make_record(*(f"acme-{v}-py3-none-any.whl" for v in versions), revision=revision)
    changes = dict.fromkeys(versions, revision) | {k[1:]: v for k, v in changed.items()}
    return mark_changes(record, changes)


def publish_record(*records: ProjectRecord, writers: int = 1) -> Store:
    """Publish records one after the other; count only later operations."""
    store = Store()
    store.storage.create_bucket("packages")
    for record in records:
        put_metadata(store, record)
        store.index(record)
        WebInstance(store, writers=writers).publish()
    store.storage.counts.clear()
    return store


def publish_again(
    store: Store, record: ProjectRecord, *, forced_at: datetime | None = None
) -> list[str]:
    """Publish a record; return the names of the written pages."""
    written = list[str]()

    def note(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert":
            written.append(name)

    put_metadata(store, record)
    store.index(record)
    store.storage.counts.clear()
    WebInstance(store, note).publish(forced_at=forced_at)
    return sorted(written)


def test_a_project_has_pages_of_its_own_and_two_for_each_release() -> None:
    record = make_wheels("1", "2")
    store = publish_record(record)
    assert sorted(read_web_pages(store)) == sorted(
        [*PAGES_OF_PROJECT, *list_release_pages("1", "2")]
    )
    assert read_web_pages(store) == render_expected(store, record)
    types = {
        name: store.storage.get("static", name).attributes for name in sorted(read_web_pages(store))
    }
    assert {attributes.cache_control for attributes in types.values()} == {"private, no-cache"}
    assert types["projects/acme/feed.xml"].content_type == ATOM
    assert types["projects/acme/index.html"].content_type == "text/html; charset=utf-8"
    assert types["pypi/acme/1/json"].content_type == "application/json"


def test_a_lone_wheel_costs_eight_operations_of_class_a() -> None:
    """One list and seven writes. The publisher needs two fewer than before: no list, two pages."""
    store = publish_record()
    assert publish_again(store, make_wheels("1")) == sorted(
        [*PAGES_OF_PROJECT, *list_release_pages("1")]
    )
    assert store.storage.counts.requests == {
        "objects.list": 1,
        "objects.insert": 7,
        "objects.get": 4,  # two JSON pages, the record, the notes of the wheel
        "objects.download": 2,  # record, METADATA
    }


def test_a_duplicate_costs_one_list_and_writes_nothing() -> None:
    record = make_wheels("1", "2")
    store = publish_record(record)
    assert publish_again(store, record) == []
    assert store.storage.counts.requests == {"objects.list": 1, "objects.download": 1}


def test_a_new_release_writes_the_pages_of_the_project_and_its_own() -> None:
    store = publish_record(make_wheels("1", "2"))
    record = make_wheels("1", "2", "3", revision=2, r1=1, r2=1)
    assert publish_again(store, record) == sorted([*PAGES_OF_PROJECT, *list_release_pages("3")])
    assert read_web_pages(store) == render_expected(store, record)


def test_a_page_has_the_revision_that_it_needs() -> None:
    store = publish_record(make_wheels("1"), make_wheels("1", "2", revision=2, r1=1))
    assert read_revision(store, "projects/acme/1/index.html") == "1"
    assert read_revision(store, "pypi/acme/1/json") == "1"
    assert read_revision(store, "projects/acme/2/index.html") == "2"
    assert read_revision(store, "projects/acme/index.html") == "2"


def read_revision(store: Store, name: str) -> str:
    return store.storage.get("static", name).attributes.metadata[layout.RECORD_REVISION]


def test_a_change_of_an_old_release_writes_its_pages_only() -> None:
    store = publish_record(make_wheels("1", "2", "3"))
    record = make_wheels("1", "2", "3", revision=2, r1=1, r3=1)
    assert publish_again(store, record) == sorted([*PAGES_OF_PROJECT, *list_release_pages("2")])


@pytest.mark.parametrize("changed_at", [None, 1])
def test_without_complete_revisions_every_release_counts_as_changed(changed_at: int | None) -> None:
    """An older indexer committed the record."""
    store = publish_record(make_wheels("1", "2"))
    record = make_wheels("1", "2", revision=2, r1=1).model_copy(update={"changed_at": changed_at})
    assert publish_again(store, record) == sorted(read_web_pages(store))


def test_a_restored_record_writes_the_pages_of_the_lost_one_again() -> None:
    store = publish_record(make_wheels("1", "2", revision=5))
    record = make_wheels("1", revision=3)
    assert publish_again(store, record) == sorted([*PAGES_OF_PROJECT, *list_release_pages("1")])


def test_force_writes_every_page_again() -> None:
    record = make_wheels("1", "2")
    store = publish_record(record)
    store.static.put("pypi/acme/1/json", b"damaged")
    assert publish_again(store, record, forced_at=NOON) == sorted(read_web_pages(store))
    assert read_web_pages(store) == render_expected(store, record)


def test_only_a_later_force_writes_the_pages_of_a_forced_publication_again() -> None:
    """A redelivery has the publish time of the message; older ones have an earlier time."""
    record = make_wheels("1", "2")
    store = publish_record(record)
    for seconds, pages in ((5, 9), (5, 0), (4, 0), (6, 9)):
        written = publish_again(store, record, forced_at=NOON + timedelta(seconds=seconds))
        assert len(written) == pages


def test_a_page_without_a_valid_time_is_forced_again() -> None:
    record = make_wheels("1")
    store = publish_record(record)
    publish_again(store, record, forced_at=NOON)
    page = store.storage.get("static", "projects/acme/index.html")
    for invalid in ("", "yesterday", "2026-11-24T12:00:00"):
        metadata = {**page.attributes.metadata, web_layout.FORCED_AT: invalid}
        store.static.put(page.name, b"", Headers("", "", metadata))
        assert publish_again(store, record, forced_at=NOON) == [page.name]


def test_removed_files_leave_pages_without_files() -> None:
    store = publish_record(make_wheels("1", "2"))
    names = ("acme-1-py3-none-any.whl", "acme-2-py3-none-any.whl")
    record = make_record(*names, revision=2, removed=make_removals(*names))
    assert publish_again(store, record) == sorted(
        [*PAGES_OF_PROJECT, *list_release_pages("1", "2")]
    )
    assert b'"urls":[]' in store.read("pypi/acme/1/json")
    assert b"About 2" not in store.read("projects/acme/index.html")


def test_the_representative_of_a_release_gives_its_description() -> None:
    store = publish_record(make_wheels("1", "2"))
    assert b"About 1" in store.read("projects/acme/1/index.html")
    assert b'"description":"About 1"' in store.read("pypi/acme/1/json")
    assert b"About 2" in store.read("projects/acme/index.html")
    assert b'"description":"About 2"' in store.read("pypi/acme/json")


def test_a_list_that_became_shorter_is_emptied() -> None:
    """An operator restored an older record; pages are never deleted."""
    versions = [str(number) for number in range(30)]
    store, sizes = Store(), PageSizes(history=10, releases=10)
    store.storage.create_bucket("packages")
    for count, revision in ((30, 5), (29, 4)):
        store.index(make_wheels(*versions[:count], revision=revision))
        WebInstance(store, sizes=sizes).publish()
    page = store.read(web_layout.locate_release_list_page(ACME, 2))
    assert b"This page has no releases any more" in page
    page = store.read(web_layout.locate_history_page(ACME, 2))
    assert b"This page has no events any more" in page
    assert b'href="../28/"' in store.read(web_layout.locate_release_list(ACME))


def test_a_large_project_writes_few_pages_for_a_new_wheel() -> None:
    """10,000 files of 1,000 releases: the pages of one release, and the newest page of each list.

    METADATA of one release is read.
    """
    tags = [f"cp3{number}" for number in range(10)]
    names = [f"acme-{v}-{tag}-none-any.whl" for v in range(1000) for tag in tags]
    newest = "acme-1000-py3-none-any.whl"
    store = Store()
    store.storage.create_bucket("packages")
    record = make_record(*names, newest, revision=2)
    record = mark_changes(record, {str(v): 1 for v in range(1000)} | {"1000": 2})
    older = [*list_release_pages(*map(str, range(1000)))]
    older += [web_layout.locate_history_page(ACME, page) for page in range(1, 40)]
    older += [web_layout.locate_release_list_page(ACME, page) for page in range(1, 10)]
    for name in older:  # as after the publication of revision 1
        store.static.put(name, b"", Headers("", "", {layout.RECORD_REVISION: "1"}))
    read = list[str]()

    def note(operation: str, bucket: str, name: str) -> None:
        if bucket == "packages" and operation == "objects.download":
            read.append(name)

    store.index(record)
    store.storage.counts.clear()
    WebInstance(store, note).publish()
    assert read == [f"{newest}.metadata"]
    written = {info.name: info.metadata[layout.RECORD_REVISION] for info in store.static.list()}
    lists = [web_layout.locate_release_list(ACME)]
    changed = {*PAGES_OF_PROJECT, *list_release_pages("1000"), *lists}
    assert written == dict.fromkeys(older, "1") | dict.fromkeys(changed, "2")
    assert store.storage.counts.requests["objects.insert"] == len(changed) == 8
    assert store.storage.counts.requests["objects.get"] < 600
    assert len(store.read("projects/acme/index.html")) < 300_000
    assert len(store.read(web_layout.locate_history(ACME))) < 300_000


@pytest.mark.parametrize("writers", [1, 8])
def test_an_interrupted_publication_is_resumed(writers: int) -> None:
    """The storage fails after some pages; the next delivery writes only the others."""
    versions = [str(number) for number in range(60)]
    record, store = make_wheels(*versions), Store()
    store.storage.create_bucket("packages")
    put_metadata(store, record)
    store.index(record)
    fault = Fault("error", operation="objects.insert", name="pypi/acme/30/json", status=503)
    store.static.fault(fault)
    with pytest.raises(Unavailable):
        WebInstance(store, writers=writers).publish()
    before = read_web_pages(store)
    assert len(before) > 10
    # The other writers can finish all other releases before the publication ends.
    assert {"pypi/acme/30/json", "projects/acme/30/index.html"}.isdisjoint(before)
    assert writers > 1 or len(before) < len(versions) * 2
    written = publish_again(store, record)
    assert set(written).isdisjoint(before)
    assert read_web_pages(store) == render_expected(store, record)


def test_a_forced_publication_that_starts_again_keeps_what_it_has_written() -> None:
    """A page is written by another client meanwhile (412)."""
    record = make_wheels(*(str(number) for number in range(5)))
    store, written = publish_record(record), list[str]()

    def interfere(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert":
            if name == "pypi/acme/0/json" and name not in written:
                store.static.put(name, b"", Headers("", "", {layout.RECORD_REVISION: "1"}))
            written.append(name)

    WebInstance(store, interfere).publish(forced_at=NOON)
    assert sorted(written) == sorted([*read_web_pages(store), "pypi/acme/0/json"])
    assert read_web_pages(store) == render_expected(store, record)


def test_a_record_that_is_replaced_meanwhile_is_read_again() -> None:
    store, newer = publish_record(), make_wheels("1", "2", revision=2)
    put_metadata(store, newer)
    store.index(make_wheels("1"))

    def replace_record(operation: str, bucket: str, name: str) -> None:
        if name == "pypi/acme/json" and operation == "objects.get" and not replaced:
            store.index(newer)
            replaced.append(name)

    replaced = list[str]()
    assert WebInstance(store, replace_record).publish().revision == 2
    assert read_web_pages(store) == render_expected(store, newer)


def test_without_a_record_nothing_is_written() -> None:
    store = publish_record()
    with pytest.raises(NotFound):
        WebInstance(store).publish()
    assert store.read_pages() == {}


def test_a_page_that_others_write_all_the_time_is_given_back() -> None:
    store, clock = publish_record(), ManualClock()
    put_metadata(store, make_wheels("1"))
    store.index(make_wheels("1"))
    store.static.fault(Fault("error", operation="objects.insert", status=412, times=None))
    with pytest.raises(PreconditionFailed):
        WebInstance(store, clock=clock).publish()
    assert clock.now <= 300


@pytest.mark.parametrize("force", [False, True])
def test_only_a_forced_publication_writes_pages_of_an_unchanged_record_in_a_new_form(
    force: bool,
) -> None:
    """After an upgrade or a change of ``INDEX_URL``, ``rebuild`` sets ``force``."""
    store = publish_record(make_wheels("1"))
    site, forced_at = Site("Packages", "https://new.example/simple/"), NOON if force else None
    WebInstance(store, site=site).publish(forced_at=forced_at)
    for name in ("pypi/acme/json", "pypi/acme/1/json"):
        assert (b"https://new.example/packages/" in store.read(name)) is force


def test_notes_of_ingest_are_read_once_for_each_generation() -> None:
    store, record = publish_record(), make_wheels("1")
    store.index(record)
    packages = MemoryBucket("packages", storage=store.storage)
    [file] = record.files.values()
    info = packages.put(
        file.filename, b"", Headers("", "", {layout.WARNINGS: '["unsorted: x"]', "sha256": "a"})
    )
    file = file.model_copy(update={"generation": info.generation})
    store.storage.counts.clear()
    sources = WebInstance(store).sources
    for _ in range(3):
        assert sources.read_notes([file]) == {file.filename: FileNotes(("unsorted: x",))}
    assert store.storage.counts.requests == {"objects.get": 1}


@pytest.mark.parametrize(
    ("metadata", "text"),
    [({layout.WARNINGS: "[]"}, b"accepted, no warnings recorded"), ({}, b"")],
)
@pytest.mark.parametrize("is_removed", [False, True])
def test_only_notes_of_ingest_show_a_file_as_accepted(
    metadata: dict[str, str], text: bytes, is_removed: bool
) -> None:
    name = "acme-1-py3-none-any.whl"
    store = publish_record()
    packages = MemoryBucket("packages", storage=store.storage)
    info = packages.put(name, b"", Headers("", "", metadata))
    removed = make_removals(*([name] if is_removed else []))
    record = make_record(name, removed=removed)
    facts = record.files[Filename(name)].model_copy(update={"generation": info.generation})
    store.index(record.model_copy(update={"files": {Filename(name): facts}}))
    WebInstance(store).publish()
    for page in ("index.html", "1/index.html", "history/index.html"):
        data = store.read(f"projects/acme/{page}")
        assert (text in data) is True
        assert (b"no warnings" in data) is bool(text)


def test_versions_of_one_release_have_a_page_each() -> None:
    record = make_record("acme-1.0.tar.gz", "acme-1.0.0-py3-none-any.whl")
    store = publish_record(mark_changes(record, {"1": 1}))
    assert {Version("1.0"), Version("1.0.0")} == {
        Version(name.split("/")[2])
        for name in read_web_pages(store)
        if name.count("/") == 3 and not name.startswith("projects/acme/history")
    }


def test_a_project_renders_one_description_at_a_time() -> None:
    """Slow descriptions of one project leave child processes to other projects."""
    record, store = make_wheels(*(str(number) for number in range(12))), Store()
    store.storage.create_bucket("packages")
    put_metadata(store, record)
    store.index(record)
    web, running, most = WebInstance(store, writers=8), list[str](), list[int]()

    def render_slowly(metadata: RawMetadata) -> Readme:
        running.append(metadata["version"])
        time.sleep(0.01)
        most.append(len(running))
        running.remove(metadata["version"])
        return Readme()

    sources = replace(web.sources, render_readme=render_slowly)
    replace(web.pages, sources=sources).publish(ACME)
    assert most == [1] * 12
