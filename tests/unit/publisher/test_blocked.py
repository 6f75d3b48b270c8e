import threading

import pytest

from cloud.errors import Unavailable
from publisher.blocked import merged
from schemas import layout
from schemas.names import Filename, ProjectName
from schemas.records import Blocked, BlockedProject, ProjectRecord, Registers, StatusRegister
from testing.storage import Fault
from unit.publisher.world import ACME, Instance, Store, record, removed, status, yank

WHEEL, SDIST = Filename("acme-1-py3-none-any.whl"), Filename("acme-1.tar.gz")


def acme(revision: int, **registers: Registers | StatusRegister) -> ProjectRecord:
    return record(WHEEL, SDIST, project=ACME, revision=revision, **registers)


def blocked(revision: int, *filenames: Filename, quarantined: bool = False) -> Blocked:
    entry = BlockedProject(revision=revision, quarantined=quarantined, filenames=filenames)
    return Blocked(projects={ACME: entry})


def restored() -> Registers:
    return Registers.model_validate({"files": {WHEEL: yank(value=False, at=1)}})


@pytest.mark.parametrize(
    ("before", "of", "after"),
    [
        (Blocked(), acme(1), None),
        (Blocked(), acme(1, removed=removed(WHEEL)), blocked(1, WHEEL)),
        (Blocked(), acme(1, status=status("quarantined")), blocked(1, quarantined=True)),
        (Blocked(), acme(1, status=status("archived")), blocked(1)),
        (Blocked(), acme(1, removed=restored()), blocked(1)),
        (
            Blocked(),
            acme(1, removed=Registers.model_validate({"versions": {"1": yank()}})),
            blocked(1, WHEEL, SDIST),
        ),
        (blocked(1, WHEEL), acme(2, removed=restored()), blocked(2)),
        (blocked(2), acme(1, removed=removed(WHEEL)), None),
        (blocked(2, WHEEL), acme(2, removed=removed(WHEEL)), None),
        (blocked(2), acme(2, removed=removed(WHEEL)), blocked(2, WHEEL)),
        (blocked(2, WHEEL), acme(3, removed=removed(WHEEL)), blocked(3, WHEEL)),
        (blocked(2, WHEEL), acme(3), blocked(3)),
    ],
    ids=[
        "nothing ever blocked: no entry",
        "removed",
        "quarantined",
        "has a status: keeps its place",
        "restored: keeps its place",
        "a removed version",
        "restored",
        "older: ignored",
        "the same: not written",
        "damaged: mended",
        "newer with the same: raised",
        "made anew without registers: raised",
    ],
)
def test_the_document_follows_the_record(
    before: Blocked, of: ProjectRecord, after: Blocked | None
) -> None:
    assert merged(before, [of]) == after


def test_other_projects_stay_and_all_are_sorted() -> None:
    other = BlockedProject(revision=9, quarantined=True)
    before = Blocked(projects={ProjectName("zeta"): other})
    after = merged(before, [acme(1, removed=removed(WHEEL))])
    assert after is not None
    assert list(after.projects) == ["acme", "zeta"]
    assert after.projects[ProjectName("zeta")] == other


def test_noting_what_changes_nothing_costs_one_read() -> None:
    store = Store()
    Instance(store).blocked.note(acme(1))
    assert store.storage.counts.requests == {"objects.download": 1}
    assert store.static.stat(layout.BLOCKED) is None


def test_noting_survives_a_lost_race() -> None:
    store = Store()
    rival, hooked = Instance(store), list[str]()

    def hook(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert" and not hooked:
            hooked.append(name)
            rival.blocked.note(
                record("zeta-1.tar.gz", project="zeta", status=status("quarantined"))
            )

    Instance(store, hook).blocked.note(acme(1, removed=removed(WHEEL)))
    found = Blocked.model_validate_json(store.data(layout.BLOCKED))
    assert list(found.projects) == ["acme", "zeta"]


def test_threads_that_come_while_one_writes_are_noted_together() -> None:
    store, inside, go_on = Store(), threading.Event(), threading.Event()

    def hook(operation: str, bucket: str, name: str) -> None:
        inside.set()
        assert go_on.wait(10)

    blocked_list = Instance(store, hook).blocked
    records = [
        record(f"p{n}-1.tar.gz", project=f"p{n}", status=status("quarantined")) for n in range(20)
    ]
    threads = [threading.Thread(target=blocked_list.note, args=(one,)) for one in records]
    threads[0].start()
    assert inside.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(blocked_list._waiting) < len(records):
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(Blocked.model_validate_json(store.data(layout.BLOCKED)).projects) == 20
    assert store.storage.counts.requests["objects.insert"] == 2


def test_an_older_record_of_a_thread_that_waits_does_not_take_the_place_of_a_newer() -> None:
    store = Store()
    noted = Instance(store).blocked
    noted._add(acme(2, removed=restored()))
    noted.note(acme(1, removed=removed(WHEEL)))
    assert Blocked.model_validate_json(store.data(layout.BLOCKED)) == blocked(2)


def test_what_could_not_be_noted_is_raised_and_noted_when_it_comes_again() -> None:
    store = Store()
    noted = Instance(store).blocked
    store.static.fault(Fault("error", operation="objects.insert", status=503))
    with pytest.raises(Unavailable):
        noted.note(acme(1, removed=removed(WHEEL)))
    noted.note(acme(1, removed=removed(WHEEL)))
    assert Blocked.model_validate_json(store.data(layout.BLOCKED)) == blocked(1, WHEEL)


def test_a_newer_record_that_comes_while_its_older_one_is_noted_is_noted_next() -> None:
    store, newer = Store(), list[threading.Thread]()

    def hook(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert" and not newer:
            of = acme(2, removed=restored())
            newer.append(threading.Thread(target=noted.note, args=(of,)))
            newer[0].start()
            while noted._waiting[ACME] is not of:
                threading.Event().wait(0.001)

    noted = Instance(store, hook).blocked
    noted.note(acme(1, removed=removed(WHEEL)))
    newer[0].join(10)
    assert Blocked.model_validate_json(store.data(layout.BLOCKED)) == blocked(2)
    assert noted._waiting == {}
