"""Hostile messages, hostile names and objects created by hand: no message is retried forever."""

import json

import pytest

from checks.distribution import VerifiedFile, read_core_metadata
from cloud.ports import Headers, ObjectInfo
from ingest.facts import build_headers
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.file_notes import read_file_notes
from schemas.names import ProjectName
from schemas.records import ProjectRecord, StatusRegister
from schemas.verdict_documents import CommandVerdict
from testing.corpus.wheels import make_metadata
from testing.fakes.examples import NOON, make_file_record
from testing.storage import FakeStorage, Fault
from unit.ingest.service import BINARY, FILENAME, NAME, OTHER, WHEEL, InMemoryIngest

ACME = ProjectName("acme")


@pytest.fixture
def service() -> InMemoryIngest:
    return InMemoryIngest()


@pytest.mark.parametrize(
    "name",
    [
        FILENAME,
        f"/{FILENAME}",
        ".",
        "..",
        "commands",
        "messages",
        f"ci/4\n2/{FILENAME}",
        f"ci/4\r2/{FILENAME}",
        f".well-known/acme-challenge/{FILENAME}",
        f"ci/{'x' * 980}/{FILENAME}",
        f"ci/{'é' * 480}/{'é' * 30}/{FILENAME}",
    ],
)
def test_an_invalid_upload_name_is_answered_under_the_message_id(
    name: str, service: InMemoryIngest
) -> None:
    assert service.announce(name=name, generation="31337") == 204
    assert service.read_answer().reason == "not-allowed"
    assert [info.name for info in service.verdicts.list()] == ["messages/77.json"]


def test_the_longest_valid_name_has_a_verdict(service: InMemoryIngest) -> None:
    name = f"ci/{'x' * (999 - 4 - len(FILENAME))}/{FILENAME}"
    assert len(name) == 999
    generation = service.upload(name=name)
    assert service.announce(name=name) == 204
    assert service.read_verdict(generation, name).outcome == "accepted"


@pytest.mark.parametrize("generation", [str(10**26), str(2**63), "-1"])
def test_an_impossible_generation_is_unreadable(generation: str, service: InMemoryIngest) -> None:
    assert service.announce(generation=generation) == 204
    assert service.read_answer().reason == "unreadable-message"


def test_an_answer_to_a_command_is_not_read_as_a_verdict(service: InMemoryIngest) -> None:
    answer = CommandVerdict(outcome="refused", command_id="1", time=NOON)
    service.verdicts.put("commands/1.json", answer.encode())
    assert service.announce(name="commands", generation="1") == 204
    assert service.read_answer().reason == "not-allowed"


@pytest.mark.parametrize("trigger", ["accepted", "refused"])
def test_an_immediate_second_trigger_is_no_error(trigger: str) -> None:
    service = InMemoryIngest(FakeStorage(write_interval=1.0))
    generation = service.upload(WHEEL if trigger == "accepted" else b"no wheel")
    assert service.announce() == 204
    assert service.announce(generation=str(generation)) == 204
    assert service.read_verdict(generation).outcome == trigger


@pytest.mark.parametrize("trigger", ["accepted", "refused"])
def test_a_simultaneous_second_trigger_is_no_error(trigger: str) -> None:
    """Cloud Storage answers 429 to the second verdict within a second."""
    service = InMemoryIngest(FakeStorage(write_interval=1.0))
    second = InMemoryIngest(service.store)
    generation = service.upload(WHEEL if trigger == "accepted" else b"no wheel")

    def interfere(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert":
            service.verdicts.before = None
            assert second.announce() == 204

    service.verdicts.before = interfere
    assert service.announce(generation=str(generation)) == 204
    assert service.read_verdict(generation).outcome == trigger


def test_a_file_promoted_by_another_delivery_is_not_refused(
    service: InMemoryIngest,
) -> None:
    """Between two steps the other delivery promotes the file and the project is archived."""
    generation = service.upload()
    second = InMemoryIngest(service.store)
    second.upload = service.upload  # type: ignore[method-assign]  # the store is shared
    status = StatusRegister(issued_at=NOON, command_id="1", value="archived")
    archived = ProjectRecord(project=ACME, revision=1, status=status)

    def interfere(operation: str, bucket: str, name: str) -> None:
        service.metadata.before = None
        assert second.announce() == 204
        _put_record(service, archived)

    service.metadata.before = interfere
    assert service.announce() == 204
    assert service.read_verdict(generation).outcome == "accepted"
    assert service.refused.messages == ()


def _put_record(service: InMemoryIngest, record: ProjectRecord, **metadata: str) -> None:
    facts = metadata or CatalogEntry.from_record(record).to_metadata()
    service.metadata.put(
        layout.locate_record(ACME), record.encode(), Headers("application/json", "", facts)
    )


@pytest.mark.parametrize(
    "invalid",
    [
        {},
        {"source-generation": "seven"},
        {"sha256": "ABC"},
        {"upload-time": "yesterday"},
        {"uploader": ""},
    ],
)
def test_an_object_created_by_hand_in_packages_takes_the_name(
    invalid: dict[str, str], service: InMemoryIngest
) -> None:
    valid = {
        "sha256": "a" * 64,
        "upload-time": "2026-11-24T12:00:00.000000Z",
        "uploader": "ci",
        "source-generation": "7",
    }
    service.packages.put(
        FILENAME, b"legacy", Headers(BINARY, "", {**valid, **invalid} if invalid else {})
    )
    generation = service.upload()
    assert service.announce() == 204
    assert service.read_verdict(generation).reason == "exists"
    assert "not promoted" in (service.read_verdict(generation).detail or "")


@pytest.mark.parametrize("invalid", [{"colour": "green"}, {"file-count": "many"}])
def test_a_record_with_invalid_custom_metadata_is_read(
    invalid: dict[str, str], service: InMemoryIngest
) -> None:
    file = make_file_record("acme-0.9-py3-none-any.whl")
    record = ProjectRecord(project=ACME, revision=1, files={file.filename: file})
    _put_record(service, record, **invalid)
    generation = service.upload()
    assert service.announce() == 204
    assert service.read_verdict(generation).outcome == "accepted"


def test_a_message_of_ten_million_bytes_has_a_short_refusal(service: InMemoryIngest) -> None:
    data = json.dumps({"bucket": "b" * 10_000_000, "name": NAME}).encode()
    assert service.push(data) == 204
    assert all(len(message.encode()) < 2000 for message in service.refused.messages)


@pytest.mark.parametrize("status", [412, 429])
def test_a_rewrite_that_fails_although_the_name_is_free_is_retried(
    status: int, service: InMemoryIngest
) -> None:
    service.upload()
    service.packages.fault(Fault(operation="objects.rewrite", status=status))
    assert service.announce() == 503
    assert service.announce() == 204
    assert service.read_package() == WHEEL


@pytest.mark.parametrize(("rival", "outcome"), [(WHEEL, "accepted"), (OTHER, "refused")])
def test_the_loser_of_a_race_for_a_name_is_decided_by_the_bytes(
    rival: bytes, outcome: str, service: InMemoryIngest
) -> None:
    other = f"ci/43/{FILENAME}"
    generation = service.upload()
    service.upload(rival, other)
    second = InMemoryIngest(service.store)

    def interfere(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.rewrite":
            service.packages.before = None
            assert second.announce(name=other) == 204

    service.packages.before = interfere
    assert service.announce() == 204
    assert service.read_verdict(generation).outcome == outcome
    assert service.read_package() == rival


def test_an_upload_deleted_during_its_checks_is_not_found(service: InMemoryIngest) -> None:
    service.upload()

    def interfere(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.rewrite":
            service.incoming.remove(NAME)

    service.packages.before = interfere
    assert service.announce() == 204
    assert service.read_answer().reason == "not-found"
    assert service.read_package() is None


@pytest.mark.parametrize("segment", ["ci", "ü" * 400], ids=["short", "long"])
@pytest.mark.parametrize("name", ["acme.pth", "🐍" * 100], ids=["short", "long"])
def test_notes_beyond_the_size_limit_are_dropped(segment: str, name: str) -> None:
    """Cloud Storage refuses an object with more than 8 KiB of custom metadata."""
    verified = VerifiedFile(
        filename=FILENAME,
        project="acme",
        version="1.0",
        kind="wheel",
        sha256="a" * 64,
        size=1,
        metadata=b"",
        core=read_core_metadata(make_metadata()),
        warnings=("bad-metadata: " + "x" * 900,) * 9,
        startup_code=("first.pth", *(name,) * 7),
    )
    holder = {"holder": "🐍" * 300}
    name = f"upload/{segment}/{'ü' * 64}/{FILENAME}"
    info = ObjectInfo(name=name, generation=2**62, size=1, created=NOON, metadata=holder)
    headers = build_headers(info, segment, verified)
    notes = read_file_notes(headers.metadata)
    assert 0 < len(notes.warnings) < 9
    assert notes.startup_code == verified.startup_code[: len(notes.startup_code)]
    assert "first.pth" in notes.startup_code
    sizes = (len(key) + len(value.encode()) for key, value in headers.metadata.items())
    assert sum(sizes) < 8192
