import base64
import json
from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from cloud.errors import Unavailable
from indexer.app import COMMAND_ACCEPTED, FILE_ACCEPTED, PROJECT_COMMAND, Indexer, create_app
from indexer.command_answers import Answers
from indexer.commit import Records
from schemas import layout
from schemas.events import CommandAccepted, FileAccepted, FileRefused
from schemas.names import ProjectName, normalize_release
from schemas.records import ProjectRecord
from schemas.types import format_time
from schemas.verdict_documents import CommandVerdict
from testing.fakes.examples import NOON, make_file_record
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from testing.storage import Fault

ACME = ProjectName("acme")
WHEEL = make_file_record()
GRACE = timedelta(minutes=10)


class InMemoryIndexer:
    """Indexer with fakes of its clients; its clock shows noon."""

    def __init__(self) -> None:
        self.metadata, self.verdicts = MemoryBucket("metadata"), MemoryBucket("verdicts")
        self.indexed, self.refused = MemoryTopic(), MemoryTopic()
        records = Records(self.metadata, self.indexed, self.refused, lambda: NOON)
        answers = Answers(self.verdicts, self.refused)
        indexer = Indexer(records, answers, lambda: NOON, GRACE)
        self.http = TestClient(create_app(indexer, "p", lambda: self.metadata.stat("ready")))

    def push(self, subscription: str, data: bytes, at: datetime = NOON) -> int:
        message = {
            "data": base64.b64encode(data).decode(),
            "messageId": "42",
            "publishTime": format_time(at),
        }
        body = json.dumps({"message": message, "subscription": subscription})
        return self.http.post(f"/push/{subscription}", content=body).status_code

    def push_command(self, at: datetime = NOON, **fields: str) -> int:
        return self.push(PROJECT_COMMAND, json.dumps({"project": "acme", **fields}).encode(), at)

    def push_accepted(self, at: datetime = NOON, by: str = "acme", **fields: str) -> int:
        command = {"project": "acme", "command_id": "acme.0", "issued_at": NOON, **fields}
        accepted = CommandAccepted.model_validate({"command": command, "issued_by": by})
        return self.push(COMMAND_ACCEPTED, accepted.encode(), at)

    def read_answer(self, command_id: str = "42") -> CommandVerdict:
        stored = self.verdicts.read(layout.locate_command_verdict(command_id))
        assert stored is not None
        return CommandVerdict.model_validate_json(stored.data)

    def read_record(self) -> ProjectRecord:
        stored = self.metadata.read(layout.locate_record(ACME))
        assert stored is not None
        return ProjectRecord.model_validate_json(stored.data)


@pytest.fixture
def service() -> InMemoryIndexer:
    return InMemoryIndexer()


def test_an_accepted_file_is_recorded(service: InMemoryIndexer) -> None:
    assert service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode()) == 204
    assert service.read_record().files == {WHEEL.filename: WHEEL}
    assert len(service.indexed.messages) == 1


@pytest.mark.parametrize("subscription", [FILE_ACCEPTED, COMMAND_ACCEPTED])
@pytest.mark.parametrize("data", [b"", b"no json", b"{}", b'{"file":{}}', b'{"command":{}}'])
def test_an_unreadable_internal_message_is_not_acknowledged(
    subscription: str, data: bytes, service: InMemoryIndexer
) -> None:
    assert service.push(subscription, data) == 500
    assert list(service.verdicts.list()) == []


def test_a_command_is_executed_and_answered(service: InMemoryIndexer) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    assert service.push_command(action="yank", version="1.0", reason="broken") == 204
    assert (
        service.read_record().yanked.versions[normalize_release(WHEEL.version)].reason == "broken"
    )
    assert service.read_answer() == CommandVerdict(outcome="done", command_id="42", time=NOON)


def test_a_command_can_have_its_own_id(service: InMemoryIndexer) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    service.push_command(action="yank", version="1.0", command_id="ticket-7")
    assert service.read_answer("ticket-7").outcome == "done"


def test_a_command_that_is_too_early_is_delivered_again(service: InMemoryIndexer) -> None:
    assert service.push_command(action="yank", version="1.0") == 503
    assert list(service.verdicts.list()) == []
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    assert service.push_command(action="yank", version="1.0") == 204


def test_a_command_for_a_release_that_never_arrived_is_refused(service: InMemoryIndexer) -> None:
    assert service.push_command(action="yank", version="1.0", at=NOON - GRACE) == 204
    assert (service.read_answer().outcome, service.read_answer().reason) == ("refused", "not-found")
    (announced,) = service.refused.messages
    assert isinstance(announced, FileRefused)
    assert (announced.reason, announced.command_id) == ("not-found", "42")
    assert service.indexed.messages == ()


def test_a_command_of_an_object_is_executed_for_its_author_and_answered(
    service: InMemoryIndexer,
) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    assert service.push_accepted(action="yank", version="1.0", reason="broken") == 204
    register = service.read_record().yanked_by_uploaders.versions[normalize_release(WHEEL.version)]
    assert (register.reason, register.issued_by) == ("broken", "acme")
    expected = CommandVerdict(outcome="done", command_id="acme.0", time=NOON)
    assert service.read_answer("acme.0") == expected


def test_the_author_in_a_message_on_project_command_does_not_count(
    service: InMemoryIndexer,
) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    for author in ("acme", "operators/ada"):
        service.push_command(
            action="yank", version="1.0", issued_by=author, command_id=author.replace("/", ".")
        )
    record = service.read_record()
    assert [register.issued_by for register in record.yanked.versions.values()] == [None]
    assert record.yanked_by_uploaders.versions == {}


def test_a_command_of_an_object_that_is_too_early_is_delivered_again_then_refused(
    service: InMemoryIndexer,
) -> None:
    assert service.push_accepted(action="yank", version="1.0") == 503
    assert list(service.verdicts.list()) == []
    assert service.push_accepted(NOON - GRACE, action="yank", version="1.0") == 204
    assert service.read_answer("acme.0").reason == "not-found"
    (announced,) = service.refused.messages
    assert isinstance(announced, FileRefused)
    assert (announced.reason, announced.command_id) == ("not-found", "acme.0")


def test_the_refusal_of_a_command_of_an_object_is_final(service: InMemoryIndexer) -> None:
    service.push_accepted(NOON - GRACE, action="yank", version="1.0")
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    assert service.push_accepted(action="yank", version="1.0") == 204
    assert service.read_answer("acme.0").outcome == "refused"
    assert service.read_record().yanked_by_uploaders.versions == {}
    assert len(service.refused.messages) == 2


def test_a_command_of_an_object_with_a_time_after_now_is_delivered_again(
    service: InMemoryIndexer,
) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    later = format_time(NOON + timedelta(minutes=6))
    assert service.push_accepted(action="yank", version="1.0", issued_at=later) == 503
    assert service.read_record().yanked_by_uploaders.versions == {}
    assert list(service.verdicts.list()) == []


def test_an_unreadable_command_is_refused_under_its_messages_id(service: InMemoryIndexer) -> None:
    assert service.push(PROJECT_COMMAND, b'{"action":"explode"}') == 204
    assert service.read_answer().reason == "unreadable-message"
    assert "action" in (service.read_answer().detail or "")


def test_a_refusal_delivered_twice_has_one_verdict_and_is_announced_again(
    service: InMemoryIndexer,
) -> None:
    for _ in range(2):
        assert service.push(PROJECT_COMMAND, b"{}") == 204
    assert len(list(service.verdicts.list())) == 1
    assert len(service.refused.messages) == 2


def test_a_command_that_another_delivery_just_answered_is_answered(
    service: InMemoryIndexer,
) -> None:
    """Cloud Storage can answer 429 in place of 412."""
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    service.verdicts.storage.write_interval = 60
    for _ in range(2):
        assert service.push_command(action="yank", version="1.0") == 204


def test_an_answer_that_was_not_stored_is_not_acknowledged(service: InMemoryIndexer) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    service.verdicts.fault(Fault(status=429, operation="objects.insert"))
    assert service.push_command(action="yank", version="1.0") == 503


def test_a_refusal_is_final_even_if_the_missing_file_arrives(service: InMemoryIndexer) -> None:
    def lose(message: object) -> None:
        raise Unavailable("topic", "gone")

    service.refused.before = lose
    late = NOON - GRACE
    assert service.push_command(action="yank", version="1.0", at=late) == 503
    service.refused.before = None
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    assert service.push_command(action="yank", version="1.0", at=late) == 204
    assert service.read_answer().outcome == "refused"
    assert service.read_record().yanked.versions == {}
    assert len(service.refused.messages) == 1


@pytest.mark.parametrize(
    "issued_at",
    ["0999-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "2099-01-01T00:00:00Z"],
)
def test_no_time_in_a_command_damages_the_record(issued_at: str, service: InMemoryIndexer) -> None:
    service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode())
    assert service.push_command(action="yank", version="1.0", issued_at=issued_at) == 204
    assert service.read_record().files == {WHEEL.filename: WHEEL}
    assert service.push(FILE_ACCEPTED, FileAccepted(file=WHEEL).encode()) == 204


def test_ready_reads_the_bucket(service: InMemoryIndexer) -> None:
    assert service.http.get("/ready").status_code == 200
