import json
import threading

import pytest

from cloud.errors import Unavailable
from publisher.blocked import merge_records
from schemas import layout
from schemas.names import Filename, ProjectName, Version
from schemas.records import Blocked, BlockedProject, ProjectRecord, Registers, StatusRegister
from testing.storage import Fault
from unit.publisher.publisher_fixtures import (
    ACME,
    PublisherInstance,
    Store,
    make_record,
    make_removals,
    make_status,
    make_yank,
)

WHEEL, SDIST = Filename("acme-1-py3-none-any.whl"), Filename("acme-1.tar.gz")


def make_acme(
    revision: int, **registers: Registers | StatusRegister | dict[str, StatusRegister]
) -> ProjectRecord:
    return make_record(WHEEL, SDIST, project=ACME, revision=revision, **registers)


def make_blocked(
    revision: int, *filenames: Filename, quarantined: bool = False, releases: tuple[str, ...] = ()
) -> Blocked:
    entry = BlockedProject(
        revision=revision,
        quarantined=quarantined,
        filenames=filenames,
        releases=tuple(map(Version, releases)),
    )
    return Blocked(projects={ACME: entry})


QUARANTINED = {"1": make_status("quarantined")}
RELEASED = {"1": make_status("active")}


def make_restoration() -> Registers:
    return Registers.model_validate({"files": {WHEEL: make_yank(value=False, at=1)}})


@pytest.mark.parametrize(
    ("before", "of", "after"),
    [
        (Blocked(), make_acme(1), None),
        (Blocked(), make_acme(1, removed=make_removals(WHEEL)), make_blocked(1, WHEEL)),
        (
            Blocked(),
            make_acme(1, status=make_status("quarantined")),
            make_blocked(1, quarantined=True),
        ),
        (Blocked(), make_acme(1, status=make_status("archived")), make_blocked(1)),
        (Blocked(), make_acme(1, removed=make_restoration()), make_blocked(1)),
        (
            Blocked(),
            make_acme(1, removed=Registers.model_validate({"versions": {"1": make_yank()}})),
            make_blocked(1, WHEEL, SDIST),
        ),
        (make_blocked(1, WHEEL), make_acme(2, removed=make_restoration()), make_blocked(2)),
        (make_blocked(2), make_acme(1, removed=make_removals(WHEEL)), None),
        (make_blocked(2, WHEEL), make_acme(2, removed=make_removals(WHEEL)), None),
        (make_blocked(2), make_acme(2, removed=make_removals(WHEEL)), make_blocked(2, WHEEL)),
        (
            make_blocked(2, WHEEL),
            make_acme(3, removed=make_removals(WHEEL)),
            make_blocked(3, WHEEL),
        ),
        (make_blocked(2, WHEEL), make_acme(3), make_blocked(3)),
        (
            Blocked(),
            make_acme(1, release_status=QUARANTINED),
            make_blocked(1, WHEEL, SDIST, releases=("1",)),
        ),
        (
            make_blocked(1, WHEEL, SDIST, releases=("1",)),
            make_acme(2, release_status=RELEASED),
            make_blocked(2),
        ),
        (
            Blocked(),
            make_acme(1, release_status=RELEASED, removed=make_removals(WHEEL)),
            make_blocked(1, WHEEL),
        ),
        (
            Blocked(),
            make_acme(1, release_status=QUARANTINED, status=make_status("quarantined")),
            make_blocked(1, WHEEL, SDIST, quarantined=True, releases=("1",)),
        ),
        (
            Blocked(),
            make_acme(1, release_status={"2": make_status("quarantined")}),
            make_blocked(1, releases=("2",)),
        ),
        (
            make_blocked(1, WHEEL, SDIST),
            make_acme(1, release_status=QUARANTINED),
            make_blocked(1, WHEEL, SDIST, releases=("1",)),
        ),
    ],
    ids=[
        "never blocked: no entry",
        "removed",
        "quarantined",
        "has a status: keeps its entry",
        "restored: keeps its entry",
        "a removed version",
        "restored",
        "older: ignored",
        "the same: not written",
        "wrong: corrected",
        "newer and equal: revision raised",
        "recreated without registers: revision raised",
        "a quarantined release",
        "a released one: keeps its entry",
        "a removed file of an active release",
        "a quarantined release of a quarantined project",
        "a quarantined release without recorded files",
        "written by an older publisher: the release is added",
    ],
)
def test_the_document_follows_the_record(
    before: Blocked, of: ProjectRecord, after: Blocked | None
) -> None:
    assert merge_records(before, [of]) == after


def test_other_projects_stay_and_all_are_sorted() -> None:
    other = BlockedProject(revision=9, quarantined=True)
    before = Blocked(projects={ProjectName("zeta"): other})
    after = merge_records(before, [make_acme(1, removed=make_removals(WHEEL))])
    assert after is not None
    assert list(after.projects) == ["acme", "zeta"]
    assert after.projects[ProjectName("zeta")] == other


def test_an_older_proxy_reads_the_files_of_a_quarantined_release() -> None:
    """A proxy of 91243de knows these three fields, and blocks the files of ``filenames``."""
    document = merge_records(Blocked(), [make_acme(1, release_status=QUARANTINED)])
    assert document is not None
    entry = json.loads(document.encode())["projects"]["acme"]
    known = {field: entry[field] for field in ("revision", "quarantined", "filenames")}
    assert known == {"revision": "1", "quarantined": False, "filenames": [WHEEL, SDIST]}


def test_an_update_without_a_change_costs_one_read() -> None:
    store = Store()
    PublisherInstance(store).blocked.update(make_acme(1))
    assert store.storage.counts.requests == {"objects.download": 1}
    assert store.static.stat(layout.BLOCKED) is None


def test_an_update_survives_a_lost_race() -> None:
    store = Store()
    rival, hooked = PublisherInstance(store), list[str]()

    def hook(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert" and not hooked:
            hooked.append(name)
            rival.blocked.update(
                make_record("zeta-1.tar.gz", project="zeta", status=make_status("quarantined"))
            )

    PublisherInstance(store, hook).blocked.update(make_acme(1, removed=make_removals(WHEEL)))
    found = Blocked.model_validate_json(store.read(layout.BLOCKED))
    assert list(found.projects) == ["acme", "zeta"]


def test_records_that_arrive_during_a_write_share_the_next_write() -> None:
    store, inside, go_on = Store(), threading.Event(), threading.Event()

    def hook(operation: str, bucket: str, name: str) -> None:
        inside.set()
        assert go_on.wait(600)

    blocked_list = PublisherInstance(store, hook).blocked
    records = [
        make_record(f"p{n}-1.tar.gz", project=f"p{n}", status=make_status("quarantined"))
        for n in range(20)
    ]
    threads = [threading.Thread(target=blocked_list.update, args=(one,)) for one in records]
    threads[0].start()
    assert inside.wait(600)
    for thread in threads[1:]:
        thread.start()
    while len(blocked_list._waiting) < len(records):
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(600)
    assert len(Blocked.model_validate_json(store.read(layout.BLOCKED)).projects) == 20
    assert store.storage.counts.requests["objects.insert"] == 2


def test_an_older_record_does_not_replace_a_newer_waiting_one() -> None:
    store = Store()
    blocked_list = PublisherInstance(store).blocked
    blocked_list._add(make_acme(2, removed=make_restoration()))
    blocked_list.update(make_acme(1, removed=make_removals(WHEEL)))
    assert Blocked.model_validate_json(store.read(layout.BLOCKED)) == make_blocked(2)


def test_a_failed_update_raises_and_succeeds_at_the_next_attempt() -> None:
    store = Store()
    blocked_list = PublisherInstance(store).blocked
    store.static.fault(Fault("error", operation="objects.insert", status=503))
    with pytest.raises(Unavailable):
        blocked_list.update(make_acme(1, removed=make_removals(WHEEL)))
    blocked_list.update(make_acme(1, removed=make_removals(WHEEL)))
    assert Blocked.model_validate_json(store.read(layout.BLOCKED)) == make_blocked(1, WHEEL)


def test_a_newer_record_that_arrives_during_a_write_is_written_next() -> None:
    store, newer = Store(), list[threading.Thread]()

    def hook(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert" and not newer:
            of = make_acme(2, removed=make_restoration())
            newer.append(threading.Thread(target=blocked_list.update, args=(of,)))
            newer[0].start()
            while blocked_list._waiting[ACME] is not of:
                threading.Event().wait(0.001)

    blocked_list = PublisherInstance(store, hook).blocked
    blocked_list.update(make_acme(1, removed=make_removals(WHEEL)))
    newer[0].join(600)
    assert Blocked.model_validate_json(store.read(layout.BLOCKED)) == make_blocked(2)
    assert blocked_list._waiting == {}
