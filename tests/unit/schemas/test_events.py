import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from schemas.events import MESSAGES, CommandAccepted, FileUploaded, ProjectCommand, ProjectIndexed
from schemas.names import ProjectName, Version
from schemas.push import Message, UnreadableMessage

ACME = ProjectName("acme")

NOTIFICATION = {
    "kind": "storage#object",
    "id": "incoming/acme/42/acme-1.0-py3-none-any.whl/1700000000000001",
    "name": "acme/42/acme-1.0-py3-none-any.whl",
    "bucket": "incoming",
    "generation": "1700000000000001",
    "metageneration": "1",
    "contentType": "application/octet-stream",
    "timeCreated": "2026-11-24T05:30:54.123Z",
    "size": "1234",
    "md5Hash": "mZFLkyvTelC5g8XnyQrpOw==",
    "metadata": {"sha256": "0" * 64},
}


def make_command(**fields: object) -> ProjectCommand:
    return ProjectCommand.decode(json.dumps(fields).encode())


def test_a_message_typed_by_hand_is_read() -> None:
    message = FileUploaded.decode(b'{"bucket":"incoming","name":"acme/42/acme-1.0.tar.gz"}')
    assert message == FileUploaded(bucket="incoming", name="acme/42/acme-1.0.tar.gz")


def test_the_resource_of_a_storage_notification_is_read() -> None:
    assert FileUploaded.decode(json.dumps(NOTIFICATION).encode()) == FileUploaded(
        bucket="incoming",
        name="acme/42/acme-1.0-py3-none-any.whl",
        generation=1700000000000001,
        metadata={"sha256": "0" * 64},
    )


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "message"),
        (b"\xff\xfe", "message"),
        (b"[]", "message"),
        (b'{"bucket":"b"}', "name"),
        (b'{"name":"n"}', "bucket"),
        (b'{"bucket":"","name":"n"}', "bucket"),
        (b'{"bucket":"b","name":"n","generation":"soon"}', "generation"),
        (b'{"bucket":"b","name":"n","sha256":"ABC"}', "sha256"),
        (b'{"bucket":"b","name":"n","schema_version":0}', "schema_version"),
        (b'{"bucket":"b","name":"n","schema_version":"2"}', "schema_version"),
    ],
)
def test_an_unreadable_message_names_the_invalid_field(data: bytes, place: str) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        FileUploaded.decode(data)
    assert caught.value.detail.startswith(f"not a file-uploaded message: {place}: ")


def test_generations_and_revisions_are_decimal_strings_in_json() -> None:
    assert json.loads(ProjectIndexed(project=ACME, record_revision=7).encode()) == {
        "schema_version": 1,
        "project": "acme",
        "record_revision": "7",
        "force": False,
    }


def test_readers_ignore_unknown_fields() -> None:
    data = b'{"project":"acme","record_revision":"7","colour":"green"}'
    assert ProjectIndexed.decode(data) == ProjectIndexed(project=ACME, record_revision=7)


def test_messages_are_frozen() -> None:
    message = ProjectIndexed(project=ACME, record_revision=7)
    with pytest.raises(ValidationError, match="frozen"):
        message.force = True  # type: ignore[misc]


def test_a_command_normalises_typed_names() -> None:
    typed = make_command(action="yank", project="Acme_Tools", version="1.0.0-RC1", reason="broken")
    assert typed == ProjectCommand(
        action="yank",
        project=ProjectName("acme-tools"),
        version=Version("1.0.0rc1"),
        reason="broken",
    )


def test_times_are_utc_with_z_in_json() -> None:
    typed = make_command(
        action="remove", project="a", version="1", issued_at="2026-11-24T07:00:00.5+02:00"
    )
    assert typed.issued_at == datetime(2026, 11, 24, 5, 0, 0, 500_000, tzinfo=UTC)
    assert json.loads(typed.encode())["issued_at"] == "2026-11-24T05:00:00.500000Z"


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "yank"},
        {"action": "yank", "version": "1", "filename": "a-1.tar.gz"},
        {"action": "yank", "version": "1", "status": "archived"},
        {"action": "set-status"},
        {"action": "set-status", "status": "archived", "version": "1"},
        {"action": "set-status", "status": "deprecated", "version": "1"},
        {"action": "set-status", "status": "quarantined", "filename": "acme-1.tar.gz"},
        {"action": "set-status", "status": "closed"},
        {"action": "destroy", "version": "1"},
        {"action": "yank", "version": "one"},
        {"action": "yank", "version": "1", "of_uploaders": True},
        {"action": "restore", "version": "1", "of_uploaders": True},
        {"action": "yank", "filename": "../a.whl"},
        {"action": "yank", "version": "1", "project": "a b"},
        {"action": "yank", "version": "1", "command_id": "../x"},
        {"action": "yank", "version": "1", "issued_at": "2026-11-24T07:00:00"},
    ],
)
def test_an_invalid_command_is_unreadable(fields: dict[str, str]) -> None:
    with pytest.raises(UnreadableMessage):
        make_command(**{"project": "acme", **fields})


@pytest.mark.parametrize("status", ["quarantined", "active"])
def test_a_version_can_be_quarantined_and_made_active(status: str) -> None:
    command = make_command(action="set-status", project="acme", version="1.0", status=status)
    assert (command.version, command.status) == ("1.0", status)


def test_an_accepted_command_has_an_id_a_time_and_an_author() -> None:
    command = {"action": "yank", "project": "acme", "version": "1"}
    complete = {**command, "command_id": "acme.0", "issued_at": "2026-11-28T12:00:00Z"}
    accepted = {"command": complete, "issued_by": "acme"}
    assert CommandAccepted.decode(json.dumps(accepted).encode()).issued_by == "acme"
    for missing in ({"command": command, "issued_by": "acme"}, {"command": complete}):
        with pytest.raises(UnreadableMessage):
            CommandAccepted.decode(json.dumps(missing).encode())


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_every_message_names_its_topic(message: type[Message]) -> None:
    words = message.topic.title().replace("-", "")
    assert words == message.__name__


@pytest.mark.parametrize(
    "fields",
    [
        {"issued_at": "0001-01-01T00:00:00+10:00"},
        {"issued_at": "9999-12-31T23:59:59-10:00"},
        {"project": "a" * 256},
        {"version": "1." * 200 + "0"},
        {"filename": "a" * 300 + "-1.tar.gz", "version": None},
    ],
)
def test_a_command_with_a_value_out_of_range_is_unreadable(
    fields: dict[str, object],
) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        make_command(**{"action": "yank", "project": "acme", "version": "1", **fields})
    assert len(caught.value.detail) <= 1000


@pytest.mark.parametrize("year", ["0001", "0999", "1970", "9999"])
def test_every_year_survives_a_round_trip(year: str) -> None:
    first = make_command(
        action="yank", project="acme", version="1", issued_at=f"{year}-01-02T03:04:05Z"
    )
    assert ProjectCommand.decode(first.encode()) == first


@pytest.mark.parametrize("generation", [-1, 2**63, 10**26])
def test_a_generation_fits_into_64_bits(generation: int) -> None:
    data = json.dumps({"bucket": "b", "name": "a/1/b", "generation": generation})
    with pytest.raises(UnreadableMessage):
        FileUploaded.decode(data.encode())


def test_a_detail_quotes_at_most_1000_characters() -> None:
    data = json.dumps({"bucket": "b" * 10**6, "name": "n" * 10**6, "generation": "x" * 10**6})
    with pytest.raises(UnreadableMessage) as caught:
        FileUploaded.decode(data.encode())
    assert len(caught.value.detail) <= 1000
