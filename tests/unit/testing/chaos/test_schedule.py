"""Schedules of the whole system: equal for equal seeds, with each kind of fault."""

import pytest

from local import topology
from testing.chaos.faulty_pubsub import ACK_DEADLINE
from testing.chaos.schedule import (
    ClockJump,
    FireSchedule,
    Halt,
    Kill,
    PubsubOutage,
    Replacement,
    SecretsOutage,
    StorageOutage,
    make_schedule,
)

KINDS = {Kill, Halt, StorageOutage, PubsubOutage, SecretsOutage, ClockJump}


@pytest.fixture(scope="module")
def schedules() -> list[FireSchedule]:
    return [make_schedule(seed, 60.0) for seed in range(100)]


def test_equal_seeds_give_equal_schedules() -> None:
    assert make_schedule(7, 60.0) == make_schedule(7, 60.0)
    assert make_schedule(7, 60.0) != make_schedule(9, 60.0)


def test_a_process_is_killed_every_three_seconds() -> None:
    kills = [event.at for event in make_schedule(7, 60.0).events if isinstance(event, Kill)]
    assert kills == [3.0 * number for number in range(1, 20)]


def test_each_schedule_has_each_kind_of_fault(schedules: list[FireSchedule]) -> None:
    for schedule in schedules:
        assert {type(event) for event in schedule.events} - {Replacement} == KINDS


def test_half_of_the_seeds_replace_a_service(schedules: list[FireSchedule]) -> None:
    assert [schedule.replaced is not None for schedule in schedules] == [False, True] * 50


def test_all_faults_of_the_storage_occur_and_one_stalls(schedules: list[FireSchedule]) -> None:
    for schedule in schedules:
        outages = [event for event in schedule.events if isinstance(event, StorageOutage)]
        faults = [fault for event in outages for fault in event.faults]
        kinds = {(fault.kind, fault.when, fault.status) for fault in faults}
        assert {
            ("error", "before", 503),
            ("error", "before", 429),
            ("reset", "before", 503),
            ("truncate", "before", 503),
            ("error", "after", 503),
            ("reset", "after", 503),
        } <= kinds
        assert [fault.seconds > ACK_DEADLINE for fault in faults if fault.kind == "hang"] == [True]


def test_messages_repeat_and_wait_during_all_the_fire(schedules: list[FireSchedule]) -> None:
    for schedule in schedules:
        outages = [event for event in schedule.events if isinstance(event, PubsubOutage)]
        ends = [event.at + event.seconds for event in outages]
        assert [event.at for event in outages] == [0.0, *ends[:-1]]
        assert ends[-1] == pytest.approx(schedule.seconds)
        assert all(event.faults.duplicate and event.faults.late for event in outages)
        assert [bool(event.faults.lost_answer) for event in outages] == [False, True, False]


def test_writes_of_records_and_pages_take_effect_late(schedules: list[FireSchedule]) -> None:
    for schedule in schedules:
        late = {
            fault.bucket
            for event in schedule.events
            if isinstance(event, StorageOutage)
            for fault in event.faults
            if fault.kind == "latency" and fault.seconds > ACK_DEADLINE
        }
        assert late == {topology.METADATA, topology.STATIC}


def test_a_halted_process_exceeds_the_ack_deadline(schedules: list[FireSchedule]) -> None:
    for schedule in schedules:
        halts = [event.seconds for event in schedule.events if isinstance(event, Halt)]
        assert len(halts) == 1
        assert halts[0] > ACK_DEADLINE


def test_a_clock_jumps_in_both_directions(schedules: list[FireSchedule]) -> None:
    jumps = [e for each in schedules for e in each.events if isinstance(e, ClockJump)]
    assert {jump.offset for jump in jumps} == {-600.0, 600.0}
    assert [each.shifted for each in schedules] == [jump.member for jump in jumps]
