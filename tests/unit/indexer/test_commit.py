import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from cloud.errors import PreconditionFailed, TooManyRequests, Unavailable
from indexer.commit import DEADLINE, RETRY, Records
from indexer.issued_command import IssuedCommand
from indexer.large_records import SMALL
from indexer.merge import Change
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import ProjectCommand, ProjectIndexed
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from testing.fakes.examples import NOON, make_file_record, make_time
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from testing.storage import Fault

ACME = ProjectName("acme")
WHEEL = make_file_record("acme-1.0-py3-none-any.whl", summary="A tool")
SDIST = make_file_record("acme-1.0.tar.gz")
NAME = layout.locate_record(ACME)


def create_records(
    bucket: MemoryBucket, topic: MemoryTopic | None = None, refused: MemoryTopic | None = None
) -> Records:
    retry = replace(RETRY, sleep=lambda seconds: None)
    return Records(bucket, topic or MemoryTopic(), refused or MemoryTopic(), lambda: NOON, retry)


def read_record(bucket: MemoryBucket) -> ProjectRecord:
    found = bucket.read(NAME)
    assert found is not None
    return ProjectRecord.model_validate_json(found.data)


def test_a_file_is_recorded_then_announced() -> None:
    bucket, topic = MemoryBucket(), MemoryTopic()
    seen: list[ProjectRecord] = []
    topic.before = lambda message: seen.append(read_record(bucket))
    assert create_records(bucket, topic).commit(ACME, [WHEEL]) == [None]
    record = read_record(bucket)
    assert record.files == {WHEEL.filename: WHEEL}
    assert seen == [record]
    assert topic.messages == (ProjectIndexed(project=ACME, record_revision=record.revision),)


def test_the_catalog_facts_are_written_with_the_record() -> None:
    bucket = MemoryBucket()
    create_records(bucket).commit(ACME, [WHEEL])
    (info,) = bucket.list(layout.RECORDS)
    assert CatalogEntry.read(ACME, info.metadata) == CatalogEntry.from_record(read_record(bucket))
    assert info.content_type == "application/json"


def test_a_group_is_one_write() -> None:
    bucket = MemoryBucket()
    create_records(bucket).commit(ACME, [WHEEL, SDIST])
    assert bucket.counts.requests["objects.insert"] == 1
    assert read_record(bucket).files.keys() == {WHEEL.filename, SDIST.filename}


def test_a_duplicate_writes_nothing_and_announces_the_record_again() -> None:
    bucket, topic = MemoryBucket(), MemoryTopic()
    create_records(bucket).commit(ACME, [WHEEL])
    before = read_record(bucket)
    assert create_records(bucket, topic).commit(ACME, [WHEEL]) == [None]
    assert read_record(bucket) == before
    assert bucket.counts.requests["objects.insert"] == 1
    assert topic.messages == (ProjectIndexed(project=ACME, record_revision=before.revision),)


def test_a_group_without_successful_change_announces_nothing() -> None:
    topic = MemoryTopic()
    command = ProjectCommand.model_validate({"action": "yank", "project": "acme", "version": "1"})
    issued = IssuedCommand(command, "c", NOON, make_time(1))
    (failure,) = create_records(MemoryBucket(), topic).commit(ACME, [issued])
    assert failure is not None
    assert topic.messages == ()


@pytest.mark.parametrize("status", [412, 429])
def test_a_write_that_lost_a_race_or_was_throttled_is_merged_again(status: int) -> None:
    bucket = MemoryBucket()
    bucket.fault(Fault(kind="error", status=status, operation="objects.insert", times=2))
    assert create_records(bucket).commit(ACME, [WHEEL]) == [None]
    assert read_record(bucket).files == {WHEEL.filename: WHEEL}


def test_no_change_of_another_commit_is_lost_in_a_race() -> None:
    bucket = MemoryBucket()
    rivals: Iterator[Change] = iter([SDIST])

    def race(operation: str, _bucket: str, _name: str) -> None:
        if operation == "objects.insert" and (rival := next(rivals, None)):
            create_records(bucket).commit(ACME, [rival])

    bucket.before = race
    create_records(bucket).commit(ACME, [WHEEL])
    assert read_record(bucket).files.keys() == {WHEEL.filename, SDIST.filename}


def test_a_found_record_is_not_read_again() -> None:
    bucket = MemoryBucket()
    create_records(bucket).commit(ACME, [WHEEL])
    records = create_records(bucket)
    found = records.find(ACME)
    bucket.counts.clear()
    records.commit(ACME, [SDIST], found)
    assert bucket.counts.requests == {"objects.insert": 1}
    assert read_record(bucket).files.keys() == {WHEEL.filename, SDIST.filename}


@pytest.mark.parametrize("rivals", [1, 2])
def test_a_record_that_changed_since_it_was_found_is_read_again(rivals: int) -> None:
    bucket, clock = MemoryBucket(), count(0, int(DEADLINE // 9))
    retry = replace(RETRY, sleep=lambda seconds: None, clock=lambda: float(next(clock)))
    records = Records(bucket, MemoryTopic(), MemoryTopic(), lambda: NOON, retry)
    found = records.find(ACME)
    files = [make_file_record(f"acme-{n}.0-py3-none-any.whl") for n in range(5, 5 + rivals)]
    for rival in files:
        create_records(bucket).commit(ACME, [rival])
    records.commit(ACME, [WHEEL], found)
    assert set(read_record(bucket).files.values()) == {WHEEL, *files}


def test_a_change_that_fails_on_a_found_record_is_merged_into_the_newest() -> None:
    bucket = MemoryBucket()
    records = create_records(bucket)
    found = records.find(ACME)
    create_records(bucket).commit(ACME, [WHEEL])
    command = ProjectCommand.model_validate({"action": "yank", "project": "acme", "version": "1"})
    issued = IssuedCommand(command, "c", NOON, make_time(1))
    assert records.commit(ACME, [issued], found) == [None]


def test_a_large_record_is_measured_before_it_is_read() -> None:
    bucket = MemoryBucket()
    names = (f"acme-{number}.0-py3-none-any.whl" for number in range(5, 205))
    create_records(bucket).commit(ACME, [make_file_record(name) for name in names])
    records = create_records(bucket)
    found = records.find(ACME)
    assert isinstance(found, int)
    assert found > SMALL
    records.commit(ACME, [WHEEL], found)
    assert len(read_record(bucket).files) == 201


def test_many_indexers_lose_no_update() -> None:
    bucket = MemoryBucket()
    files = [make_file_record(f"acme-{n}.0-py3-none-any.whl") for n in range(24)]
    threads = [
        threading.Thread(target=create_records(bucket).commit, args=(ACME, [file]))
        for file in files
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_record(bucket).files.values()) == set(files)


@pytest.mark.parametrize(("status", "error"), [(412, PreconditionFailed), (429, TooManyRequests)])
def test_a_commit_gives_up_before_the_ack_deadline(status: int, error: type[Exception]) -> None:
    bucket, topic, clock = MemoryBucket(), MemoryTopic(), count(0, int(DEADLINE // 3))
    bucket.fault(Fault(kind="error", status=status, operation="objects.insert", times=None))
    retry = replace(RETRY, sleep=lambda seconds: None, clock=lambda: float(next(clock)))
    impatient = Records(bucket, topic, MemoryTopic(), lambda: NOON, retry)
    with pytest.raises(error):
        impatient.commit(ACME, [WHEEL])
    assert topic.messages == ()


def test_a_storage_failure_fails_the_whole_group() -> None:
    bucket = MemoryBucket()
    bucket.fault(Fault(kind="error", status=503, operation="objects.insert", times=1))
    with pytest.raises(Unavailable):
        create_records(bucket).commit(ACME, [WHEEL, SDIST])


def test_a_lost_announcement_is_repeated_by_redelivery() -> None:
    bucket, topic = MemoryBucket(), MemoryTopic()

    def lose(message: object) -> None:
        raise Unavailable("topic", "gone")

    topic.before = lose
    with pytest.raises(Unavailable):
        create_records(bucket, topic).commit(ACME, [WHEEL])
    topic.before = None
    create_records(bucket, topic).commit(ACME, [WHEEL])
    assert topic.messages == (
        ProjectIndexed(project=ACME, record_revision=read_record(bucket).revision),
    )
