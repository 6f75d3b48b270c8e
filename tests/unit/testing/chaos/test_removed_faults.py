"""Faults of Cloud Storage that end during a run (``local.stand_ins.storage.faults``)."""

from testing.storage import FakeStorage, Fault


def test_a_removed_fault_ends_and_equal_faults_stay() -> None:
    faults = FakeStorage().faults
    first, second = (faults.add(Fault("reset", times=None)) for _ in range(2))
    faults.remove(first)
    assert faults.pick("objects.get", "packages", "a") == [second]


def test_faults_are_counted_by_their_kind() -> None:
    faults = FakeStorage().faults
    for fault in (Fault("reset", times=None), Fault("error", when="after", times=1)):
        faults.add(fault)
    for _ in range(2):
        faults.pick("objects.get", "packages", "a")
    assert faults.counts == {"reset": 2, "lost answer": 1}


def test_the_removal_of_an_ended_fault_does_nothing() -> None:
    faults = FakeStorage().faults
    fault = faults.add(Fault("reset", times=1))
    assert faults.pick("objects.get", "packages", "a") == [fault]
    faults.remove(fault)
    assert faults.pick("objects.get", "packages", "a") == []
