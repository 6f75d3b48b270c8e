"""Stale instances never win: instances are stopped, killed and resumed at every step.

A newer record is committed while an older one is being published. Instances are interrupted at any
step. After all messages are handled, the pages, ``blocked.json`` and the catalog are those of the
newest record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.blocked import build_needed_entry
from publisher.catalog.catalog_objects import CatalogContent
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from publisher.site.assets import ASSETS
from publisher.stored_pages import read_record
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.records import Blocked, ProjectRecord, Registers
from testing.fakes.examples import make_file_record
from unit.publisher.publisher_fixtures import (
    ACME,
    SITE,
    Hook,
    PublisherInstance,
    Stepper,
    Store,
    make_record,
    make_status,
    make_yank,
)

WHEEL, OTHER = "acme-1-py3-none-any.whl", "acme-2-py3-none-any.whl"


def make_toggled_record(revision: int) -> ProjectRecord:
    """Make a record in which every register changes with each revision.

    Apart from the revision, each record equals that two revisions earlier.
    """
    on = revision % 2 == 1
    registers = Registers.model_validate({"files": {WHEEL: make_yank(value=on, at=revision)}})
    return make_record(
        WHEEL,
        OTHER,
        project=ACME,
        revision=revision,
        yanked=registers,
        removed=registers,
        status=make_status("quarantined" if on else "active"),
    )


def make_released_record(revision: int) -> ProjectRecord:
    """Make a record with one more file of one release at each revision.

    The release is quarantined at odd revisions.
    """
    tags = ("cp311", "cp312", "cp313", "cp314")
    names = [f"acme-1-{tag}-none-any.whl" for tag in tags][:revision]
    status = make_status("quarantined" if revision % 2 == 1 else "active")
    return make_record(*names, OTHER, project=ACME, revision=revision, release_status={"1": status})


def make_grown_record(revision: int) -> ProjectRecord:
    """Make a record without registers; each revision has one more file."""
    return make_record(*[f"acme-{n}-py3-none-any.whl" for n in range(revision)], revision=revision)


def make_neighbour_record(revision: int) -> ProjectRecord:
    """Make a record of one of two projects, in turn; both are in one shard and on one page.

    The summary of a project changes back and forth. So a shard equals that four revisions earlier.
    """
    project = ("acme", "acne")[revision % 2]
    file = make_file_record(f"{project}-1-py3-none-any.whl", summary=f"{revision // 2 % 2}")
    return make_record(project=project, revision=revision, files={file.filename: file})


@dataclass(frozen=True)
class Protocol:
    """Work of an instance on a message, and the expected result."""

    name: str
    publish: Callable[[PublisherInstance], object]
    records: Callable[[int], ProjectRecord]
    assert_settled: Callable[[Store, ProjectRecord], None]
    steps: int = 14
    """Number of steps to stop at; more than any call has, so that the last ones are its end."""

    def begin(self, store: Store, *, unstopped: str = "") -> Stepper:
        """Start an instance on a message, and stop it before its first step.

        :param unstopped: operation without a stop before it.
        """

        def call(hook: Hook) -> None:
            def stop(operation: str, bucket: str, name: str) -> None:
                if operation != unstopped:
                    hook(operation, bucket, name)

            self.publish(PublisherInstance(store, stop))

        return Stepper(call)

    def deliver(self, store: Store) -> None:
        """Let an instance handle a message without interruption."""
        self.publish(PublisherInstance(store))


def assert_pages(store: Store, newest: ProjectRecord) -> None:
    expected = {kind.locate(ACME): kind.render(Listing.from_record(newest)) for kind in KINDS}
    assert {name: store.read(name) for name in expected} == expected
    entry = build_needed_entry(newest)
    if entry is None:
        assert store.static.stat(layout.BLOCKED) is None
    else:
        found = Blocked.model_validate_json(store.read(layout.BLOCKED))
        assert found.projects == {ACME: entry}


def assert_catalog(store: Store, newest: ProjectRecord) -> None:
    names = [info.name for info in store.metadata.list(layout.RECORDS)]
    records = [read_record(store.metadata, name) for name in names]
    assert newest in records
    objects = CatalogContent(list(map(CatalogEntry.from_record, records)), SITE).list_objects()
    assert store.read_catalog() == {each.name: each.render() for each in objects}


PAGES = Protocol("pages", lambda i: i.publish(), make_toggled_record, assert_pages)
RELEASES = Protocol("pages of releases", lambda i: i.publish(), make_released_record, assert_pages)
FORCED = Protocol(
    "forced pages", lambda i: i.publish(force=True), make_toggled_record, assert_pages
)
PLAIN = Protocol("pages without registers", lambda i: i.publish(), make_grown_record, assert_pages)
RUN = 27
"""Number of steps of a run of the catalog."""
CATALOG = Protocol("catalog", lambda i: i.catalog.publish(), make_grown_record, assert_catalog, RUN)
TOGGLED_CATALOG = Protocol(
    "catalog with equal bytes",
    lambda i: i.catalog.publish(),
    make_toggled_record,
    assert_catalog,
    RUN,
)
NEIGHBOURS = Protocol(
    "catalog of two projects",
    lambda i: i.catalog.publish(),
    make_neighbour_record,
    assert_catalog,
    RUN,
)
FORCED_CATALOG = Protocol(
    "forced catalog",
    lambda i: i.catalog.publish(force=True),
    make_neighbour_record,
    assert_catalog,
    RUN,
)
CATALOGS = [CATALOG, TOGGLED_CATALOG, NEIGHBOURS, FORCED_CATALOG]

ALL = [PAGES, RELEASES, FORCED, PLAIN, *CATALOGS]
STOPPED = [PAGES, RELEASES, FORCED, PLAIN, TOGGLED_CATALOG, NEIGHBOURS]
EACH = pytest.mark.parametrize("protocol", ALL, ids=lambda p: p.name)


def stop_each(protocols: Sequence[Protocol]) -> pytest.MarkDecorator:
    """Parametrize a test by protocol and step."""
    stops = [
        pytest.param(each, stop, id=f"{each.name}-{stop}")
        for each in protocols
        for stop in range(each.steps)
    ]
    return pytest.mark.parametrize(("protocol", "stop"), stops)


BEFORE = pytest.mark.parametrize("published", [False, True], ids=["new", "known"])


def make_empty_store() -> Store:
    """Make a store with the assets.

    Their writes have no order, because their names have the hash of their bytes.
    """
    store = Store()
    for asset in ASSETS.values():
        store.static.put(asset.object_name, asset.data)
    return store


def make_store(protocol: Protocol, published: bool) -> Store:
    """Make a store with a record at revision 2, and pages, if published, at revision 1."""
    store = make_empty_store()
    if published:
        store.index(protocol.records(1))
        protocol.deliver(store)
    store.index(protocol.records(2))
    return store


@stop_each(STOPPED)
@BEFORE
def test_an_instance_stopped_at_any_step_does_not_undo_a_later_publication(
    protocol: Protocol, published: bool, stop: int
) -> None:
    store = make_store(protocol, published)
    stale = protocol.begin(store)
    stale.step(stop)
    store.index(protocol.records(3))
    protocol.deliver(store)
    protocol.assert_settled(store, protocol.records(3))
    stale.finish()
    protocol.assert_settled(store, protocol.records(3))


@pytest.mark.parametrize("stop", range(RUN))
def test_a_stale_run_does_not_undo_a_run_that_renders_the_bytes_of_before(stop: int) -> None:
    """The catalog at revision 9 equals that at revision 5, so only its generations are new."""
    store = make_empty_store()
    for revision in (4, 5):
        store.index(make_neighbour_record(revision))
    NEIGHBOURS.deliver(store)
    before = store.read_catalog()
    store.index(make_neighbour_record(6))
    stale = NEIGHBOURS.begin(store)
    stale.step(stop)
    for revision in (7, 8, 9):
        store.index(make_neighbour_record(revision))
    NEIGHBOURS.deliver(store)
    assert store.read_catalog() == before
    stale.finish()
    assert store.read_catalog() == before


@stop_each([PAGES, TOGGLED_CATALOG, NEIGHBOURS])
@BEFORE
def test_two_instances_stopped_at_any_steps_end_with_the_newest_record(
    protocol: Protocol, published: bool, stop: int
) -> None:
    """Both instances read the generations of single objects without a stop between them."""
    for other_stop in range(protocol.steps):
        store = make_store(protocol, published)
        stale = protocol.begin(store, unstopped="objects.get")
        stale.step(stop)
        has_stopped = not stale.done
        store.index(protocol.records(3))
        newer = protocol.begin(store, unstopped="objects.get")
        newer.step(other_stop)
        has_ended = newer.done
        stale.finish()
        newer.finish()
        protocol.assert_settled(store, protocol.records(3))
        if has_ended or not has_stopped:
            return  # later stops change nothing
    raise AssertionError("the newer instance has more steps")


@stop_each(STOPPED)
@BEFORE
def test_redelivery_completes_the_work_of_an_instance_killed_at_any_step(
    protocol: Protocol, published: bool, stop: int
) -> None:
    store = make_store(protocol, published)
    stale = protocol.begin(store)
    stale.step(stop)
    stale.kill()
    protocol.deliver(store)
    protocol.assert_settled(store, protocol.records(2))


@stop_each(STOPPED)
def test_an_instance_killed_after_a_newer_record_was_published_undoes_nothing(
    protocol: Protocol, stop: int
) -> None:
    for further in range(4):
        store = make_store(protocol, published=True)
        stale = protocol.begin(store)
        stale.step(stop)
        store.index(protocol.records(3))
        protocol.deliver(store)
        stale.step(further)
        stale.kill()
        protocol.assert_settled(store, protocol.records(3))


actions = st.lists(
    st.tuples(st.sampled_from(["commit", "step", "kill"]), st.integers(0, 2), st.integers(1, 6)),
    max_size=30,
)


@EACH
@given(schedule=actions)
@settings(max_examples=60)
def test_three_instances_in_any_order_settle_on_the_newest_record(
    protocol: Protocol, schedule: list[tuple[str, int, int]]
) -> None:
    """Announce each commit; deliver a message again at the end if its instance was killed."""
    store, revision, again = Store(), 1, False
    store.index(protocol.records(revision))
    running = [protocol.begin(store) for _ in range(3)]
    for action, index, steps in schedule:
        if action == "commit":
            revision += 1
            store.index(protocol.records(revision))
            running[index].finish()
            running[index] = protocol.begin(store)
        elif action == "step":
            running[index].step(steps)
        else:
            again = again or not running[index].done
            running[index].kill()
    for instance in running:
        instance.finish()
    if again:
        protocol.deliver(store)
    protocol.assert_settled(store, protocol.records(revision))


@stop_each([PAGES, RELEASES])
def test_blocked_json_is_never_behind_a_page(protocol: Protocol, stop: int) -> None:
    store, checks = make_store(protocol, published=True), list[bool]()

    def check(operation: str, bucket: str, name: str) -> None:
        page = store.static.stat(layout.locate_project_json(ACME))
        document = Blocked.model_validate_json(store.read(layout.BLOCKED))
        assert page is not None
        checks.append(document.projects[ACME].revision >= int(page.metadata["record-revision"]))

    stale = protocol.begin(store)
    stale.step(stop)
    store.index(protocol.records(3))
    PublisherInstance(store, check).publish()
    stale.finish()
    check("", "", "")
    assert all(checks)
