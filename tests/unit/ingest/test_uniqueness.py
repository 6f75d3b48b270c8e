"""One file per release and tag set: refusal of files that are equivalent to a recorded one."""

import json

import pytest

from ingest.uniqueness import RecordOutline, UnreadableRecord, read_outline
from schemas import layout
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from testing.corpus import sdists
from testing.corpus.tarball import Tar, pack_tar
from testing.corpus.wheels import make_metadata
from testing.fakes.examples import NOON, make_file_record
from testing.fakes.small_wheels import build_wheel, wheel_filename
from unit.ingest.service import FILENAME, NAME, WHEEL, InMemoryIngest

SPELLING = "acme-1.0.0-py3-none-any.whl"


def make_record(*filenames: str, **fields: object) -> ProjectRecord:
    files = {name: make_file_record(name) for name in filenames}
    record = {"project": ProjectName("acme"), "revision": 1, "files": files, **fields}
    return ProjectRecord.model_validate(record)


def store_record(service: InMemoryIngest, *filenames: str, **fields: object) -> None:
    record = make_record(*filenames, **fields)
    service.metadata.put(layout.locate_record(record.project), record.encode())


@pytest.fixture
def service() -> InMemoryIngest:
    return InMemoryIngest()


def publish(service: InMemoryIngest, filename: str, data: bytes) -> tuple[str | None, str | None]:
    """Upload and announce a file; return reason and detail of its verdict."""
    name = f"ci/43/{filename}"
    generation = service.upload(data, name)
    assert service.announce(name=name) == 204
    verdict = service.read_verdict(generation, name)
    return verdict.reason, verdict.detail


@pytest.mark.parametrize("body", [b"VERSION = 1\n", b"VERSION = 2\n"])
def test_an_equivalent_wheel_is_refused_whatever_its_bytes(
    body: bytes, service: InMemoryIngest
) -> None:
    store_record(service, "acme-0.9.tar.gz", FILENAME)
    data = build_wheel("acme", "1.0.0", body=body)
    assert publish(service, SPELLING, data) == (
        "exists",
        f"{SPELLING} has the same release, build number and tag set as {FILENAME}, which acme has, "
        "and the bytes of a release never change: publish a new version or build number",
    )
    assert service.read_package(SPELLING) is None


def test_an_sdist_of_a_recorded_release_is_refused(service: InMemoryIngest) -> None:
    store_record(service, "acme-1.0.0.tar.gz")
    assert publish(service, sdists.FILENAME, sdists.BYTES) == (
        "exists",
        "acme-1.0.tar.gz has the same release as acme-1.0.0.tar.gz, which acme has, and the bytes "
        "of a release never change: publish a new version",
    )


def test_a_removed_file_frees_no_spelling(service: InMemoryIngest) -> None:
    register = {"issued_at": NOON, "command_id": "c", "value": True}
    store_record(service, FILENAME, removed={"files": {FILENAME: register}})
    assert publish(service, SPELLING, build_wheel("acme", "1.0.0"))[0] == "exists"


def test_files_that_are_not_equivalent_are_accepted(service: InMemoryIngest) -> None:
    store_record(service, "acme-1.0-1-py3-none-any.whl", "acme-2.0-py3-none-any.whl")
    assert publish(service, FILENAME, WHEEL) == (None, None)
    store_record(service, FILENAME)
    assert publish(service, sdists.FILENAME, sdists.BYTES) == (None, None)


def test_a_broken_file_is_refused_for_its_fault_first(service: InMemoryIngest) -> None:
    store_record(service, FILENAME)
    assert publish(service, SPELLING, b"no wheel")[0] == "not-a-zip"


def test_a_redelivered_file_is_accepted_beside_an_equivalent_one(service: InMemoryIngest) -> None:
    """Two uploads raced: both were promoted, and the record has both."""
    generation = service.upload()
    service.announce()
    store_record(service, FILENAME, SPELLING)
    assert service.announce(generation=str(generation)) == 204
    assert service.read_verdict(generation).outcome == "accepted"
    assert len(service.accepted.messages) == 2


def test_a_recorded_file_is_not_equivalent_to_itself(service: InMemoryIngest) -> None:
    """The record can be older than a restored packages bucket."""
    store_record(service, FILENAME)
    assert publish(service, FILENAME, WHEEL) == (None, None)


def test_a_duplicate_upload_of_a_promoted_file_is_accepted_beside_an_equivalent_one(
    service: InMemoryIngest,
) -> None:
    service.upload()
    service.announce()
    store_record(service, SPELLING)
    assert publish(service, FILENAME, WHEEL) == (None, None)


def test_an_unreadable_record_is_no_reason_to_accept(service: InMemoryIngest) -> None:
    service.metadata.put(layout.locate_record(ProjectName("acme")), b"[]")
    service.upload()
    assert service.announce(name=NAME) == 500
    assert service.read_package() is None


@pytest.mark.parametrize("filenames", [(), (FILENAME,), (FILENAME, SPELLING, "acme-1.0.tar.gz")])
def test_the_light_parse_reads_the_names_of_the_files(filenames: tuple[str, ...]) -> None:
    register = {"issued_at": NOON, "command_id": "c", "value": True}
    record = make_record(*filenames, yanked={"files": {FILENAME: register}})
    assert read_outline(record.encode()) == RecordOutline(tuple(record.files))


STATUS = {"issued_at": NOON, "command_id": "c"}


def test_the_light_parse_reads_the_quarantined_releases() -> None:
    record = make_record(
        FILENAME,
        status={**STATUS, "value": "quarantined"},
        yanked={"versions": {"3": {**STATUS, "value": True, "reason": "quarantined"}}},
        release_status={
            "1": {**STATUS, "value": "quarantined", "reason": "malware"},
            "2": {**STATUS, "value": "active"},
            "4": {**STATUS, "value": "quarantined"},
        },
    )
    assert read_outline(record.encode()) == RecordOutline((FILENAME,), ("1", "4"))


@pytest.mark.parametrize(
    ("status", "expected"), [("quarantined", "project-closed"), ("active", None)]
)
def test_a_quarantined_release_gets_no_new_file(
    status: str, expected: str | None, service: InMemoryIngest
) -> None:
    releases = {"1": {**STATUS, "value": status}, "2": {**STATUS, "value": "active"}}
    store_record(service, "acme-1.0.tar.gz", release_status=releases)
    reason, detail = publish(service, SPELLING, build_wheel("acme", "1.0.0"))
    assert reason == expected
    if expected:
        assert detail == (
            "acme 1.0.0 is quarantined: publish a new version, or ask an operator to make the "
            "release active (set-status with the version)"
        )
    assert (service.read_package(SPELLING) is None) == (expected is not None)
    assert publish(service, wheel_filename("acme", "2.0"), build_wheel("acme", "2.0"))[0] is None


def test_a_file_of_a_quarantined_release_is_announced_again(service: InMemoryIngest) -> None:
    service.upload()
    service.announce()
    quarantined = {"1": {**STATUS, "value": "quarantined"}}
    store_record(service, FILENAME, release_status=quarantined)
    assert service.announce() == 204
    assert publish(service, FILENAME, WHEEL) == (None, None)
    assert len(service.accepted.messages) == 3


def test_the_status_of_a_release_costs_no_further_request() -> None:
    requests: dict[str, list[str]] = {"active": [], "quarantined": []}
    for status, read in requests.items():
        service = InMemoryIngest()
        releases = {"1": {**STATUS, "value": status}}
        store_record(service, "acme-0.9.tar.gz", release_status=releases)
        service.metadata.before = lambda operation, bucket, name, read=read: read.append(operation)
        publish(service, FILENAME, WHEEL)
    assert requests["quarantined"] == requests["active"]
    assert "objects.download" in requests["active"]


def test_the_light_parse_reads_fields_and_values_of_newer_writers() -> None:
    document = json.loads(make_record(FILENAME).encode())
    document["files"][FILENAME]["attestations"] = [{"files": 1}]
    document["changed"] = {"1": "5"}
    document["release_status"] = {"1": {"value": "frozen", "history": ["quarantined"]}}
    assert read_outline(json.dumps(document).encode()) == RecordOutline((FILENAME,))
    assert read_outline(b"{}") == RecordOutline()


def test_a_quarantine_with_fields_of_newer_writers_is_read() -> None:
    document = json.loads(make_record(FILENAME).encode())
    document["files"][FILENAME]["value"] = "quarantined"
    register = {"issued_at": "2026-11-28T12:00:00Z", "value": "quarantined"}
    document["release_status"] = {"2": {**register, "files": [1], "schema_version": 2}}
    outline = read_outline(json.dumps(document).encode())
    assert (outline.filenames, outline.quarantined) == ((FILENAME,), ("2",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b'{"files": 1}',
        b'{"files": ["a"]}',
        b'{"files": []',
        b"\xff",
        b'{"files": {}, "release_status": "quarantined"}',
    ],
)
def test_a_document_that_is_no_record_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        read_outline(data)


def test_another_spelling_of_the_project_is_refused_too(service: InMemoryIngest) -> None:
    store_record(service, FILENAME)
    other = wheel_filename("Acme")
    assert publish(service, other, build_wheel("Acme", "1.0"))[0] == "exists"


def test_two_sdists_of_a_release_are_one(service: InMemoryIngest) -> None:
    store_record(service, sdists.FILENAME)
    pkg_info = Tar(
        b"acme-1.0.0/PKG-INFO", make_metadata(version="2.2").replace(b"1.0\n", b"1.0.0\n")
    )
    assert publish(service, "acme-1.0.0.tar.gz", pack_tar(pkg_info))[0] == "exists"
