"""Whatever a message, a name or somebody's hand in a bucket does, nothing is delivered for ever."""

import json

import pytest

from cloud.ports import Headers, ObjectInfo
from ingest.facts import package_headers
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from schemas.records import CommandVerdict, ProjectRecord, StatusRegister
from testing.fakes.examples import NOON, file_record
from testing.storage import Fault, Storage
from unit.ingest.service import BINARY, FILENAME, NAME, OTHER, WHEEL, Service

ACME = ProjectName("acme")


@pytest.fixture
def service() -> Service:
    return Service()


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
def test_a_name_that_is_no_place_for_an_upload_is_answered_under_the_messages_id(
    name: str, service: Service
) -> None:
    assert service.announce(name=name, generation="31337") == 204
    assert service.answer().reason == "not-allowed"
    assert [info.name for info in service.verdicts.list()] == ["messages/77.json"]


def test_the_longest_name_there_may_be_has_a_verdict(service: Service) -> None:
    name = f"ci/{'x' * (1000 - 4 - len(FILENAME))}/{FILENAME}"
    assert len(name) == 1000
    generation = service.upload(name=name)
    assert service.announce(name=name) == 204
    assert service.verdict(generation, name).outcome == "accepted"


@pytest.mark.parametrize("generation", [str(10**26), str(2**63), "-1"])
def test_a_generation_that_cannot_be_is_unreadable(generation: str, service: Service) -> None:
    assert service.announce(generation=generation) == 204
    assert service.answer().reason == "unreadable-message"


def test_an_answer_to_a_command_is_not_taken_for_a_verdict(service: Service) -> None:
    answer = CommandVerdict(outcome="refused", command_id="1", time=NOON)
    service.verdicts.put("commands/1.json", answer.encode())
    assert service.announce(name="commands", generation="1") == 204
    assert service.answer().reason == "not-allowed"


@pytest.mark.parametrize("trigger", ["accepted", "refused"])
def test_the_second_trigger_a_moment_later_is_no_error(trigger: str) -> None:
    service = Service(Storage(write_interval=1.0))
    generation = service.upload(WHEEL if trigger == "accepted" else b"no wheel")
    assert service.announce() == 204
    assert service.announce(generation=str(generation)) == 204
    assert service.verdict(generation).outcome == trigger


def test_a_refusal_that_came_about_after_a_twin_promoted_the_file_is_none(
    service: Service,
) -> None:
    """A twin promotes and the project is archived, between this delivery's look and its check."""
    generation = service.upload()
    twin = Service(service.store)
    twin.upload = service.upload  # type: ignore[method-assign]  # it shares the store
    status = StatusRegister(issued_at=NOON, command_id="1", value="archived")
    archived = ProjectRecord(project=ACME, revision=1, status=status)

    def meanwhile(operation: str, bucket: str, name: str) -> None:
        service.metadata.before = None
        assert twin.announce() == 204
        _record(service, archived)

    service.metadata.before = meanwhile
    assert service.announce() == 204
    assert service.verdict(generation).outcome == "accepted"
    assert service.refused.messages == ()


def _record(service: Service, record: ProjectRecord, **metadata: str) -> None:
    facts = metadata or CatalogEntry.from_record(record).metadata()
    service.metadata.put(
        layout.record(ACME), record.encode(), Headers("application/json", "", facts)
    )


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"source-generation": "seven"},
        {"sha256": "ABC"},
        {"upload-time": "yesterday"},
        {"uploader": ""},
    ],
)
def test_what_somebody_put_into_packages_by_hand_takes_the_name(
    spoilt: dict[str, str], service: Service
) -> None:
    honest = {
        "sha256": "a" * 64,
        "upload-time": "2026-11-24T12:00:00.000000Z",
        "uploader": "ci",
        "source-generation": "7",
    }
    service.packages.put(
        FILENAME, b"legacy", Headers(BINARY, "", {**honest, **spoilt} if spoilt else {})
    )
    generation = service.upload()
    assert service.announce() == 204
    assert service.verdict(generation).reason == "exists"
    assert "not promoted" in (service.verdict(generation).detail or "")


@pytest.mark.parametrize("spoilt", [{"colour": "green"}, {"file-count": "many"}])
def test_a_record_whose_custom_metadata_is_spoilt_is_read_itself(
    spoilt: dict[str, str], service: Service
) -> None:
    file = file_record("acme-0.9-py3-none-any.whl")
    record = ProjectRecord(project=ACME, revision=1, files={file.filename: file})
    _record(service, record, **spoilt)
    generation = service.upload()
    assert service.announce() == 204
    assert service.verdict(generation).outcome == "accepted"


def test_a_message_of_ten_million_bytes_is_refused_in_a_few(service: Service) -> None:
    data = json.dumps({"bucket": "b" * 10_000_000, "name": NAME}).encode()
    assert service.push(data) == 204
    assert all(len(message.encode()) < 2000 for message in service.refused.messages)


@pytest.mark.parametrize("status", [412, 429])
def test_a_rewrite_that_is_turned_away_though_the_name_is_free_is_tried_again(
    status: int, service: Service
) -> None:
    service.upload()
    service.packages.fault(Fault(operation="objects.rewrite", status=status))
    assert service.announce() == 500
    assert service.announce() == 204
    assert service.package() == WHEEL


@pytest.mark.parametrize(("rival", "outcome"), [(WHEEL, "accepted"), (OTHER, "refused")])
def test_who_loses_the_name_at_the_last_moment_is_judged_by_the_bytes(
    rival: bytes, outcome: str, service: Service
) -> None:
    other = f"ci/43/{FILENAME}"
    generation = service.upload()
    service.upload(rival, other)
    twin = Service(service.store)

    def meanwhile(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.rewrite":
            service.packages.before = None
            assert twin.announce(name=other) == 204

    service.packages.before = meanwhile
    assert service.announce() == 204
    assert service.verdict(generation).outcome == outcome
    assert service.package() == rival


def test_an_upload_that_goes_away_while_it_is_judged_is_not_found(service: Service) -> None:
    generation = service.upload()

    def meanwhile(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.rewrite":
            service.incoming.remove(NAME)

    service.packages.before = meanwhile
    assert service.announce() == 204
    assert service.verdict(generation).reason == "not-found"


def test_more_warnings_than_an_object_can_carry_are_cut() -> None:
    info = ObjectInfo(name=NAME, generation=1, size=1, created=NOON)
    headers = package_headers(info, "ci", "a" * 64, ("bad-metadata: " + "x" * 900,) * 9)
    kept = json.loads(headers.metadata["warnings"])
    assert 0 < len(kept) < 9
    assert sum(len(key) + len(value) for key, value in headers.metadata.items()) < 8192
