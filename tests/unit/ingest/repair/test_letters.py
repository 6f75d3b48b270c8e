"""Messages in dead letters (`ingest.repair.letters`)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.forwarding.messages import PulledMessage, RawMessage
from ingest.repair.letters import SOURCES, describe_message, is_match, restore_message
from local import topology
from schemas.events import ProjectCommand
from testing.storage import FakeStorage, make_finalize_attributes, make_payload

MESSAGING = Path(__file__).parents[4] / "deploy/terraform/modules/messaging/main.tf"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ADDED = {
    "CloudPubSubDeadLetterSourceDeliveryCount": "30",
    "CloudPubSubDeadLetterSourceSubscription": "indexer-project-command",
    "CloudPubSubDeadLetterSourceSubscriptionProject": "my-packages",
    # The form of Pub/Sub in production; the emulators write a "Z".
    "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-11-01T08:30:00.250+00:00",
}
YANK = {"action": "yank", "project": "acme", "version": "1.0", "reason": "größer ☃"}


def make_letter(data: bytes, **attributes: str) -> PulledMessage:
    return PulledMessage("lease", "4711", NOON, RawMessage(data, {**attributes, **ADDED}))


def complete(command: object, **attributes: str) -> dict[str, object]:
    """Return the JSON of a replayed command."""
    letter = make_letter(json.dumps(command).encode(), **attributes)
    restored = restore_message(letter, "project-command")
    fields: dict[str, object] = json.loads(restored.data)
    return fields


def test_every_subscription_with_dead_letters_has_its_topic() -> None:
    local = {each.name: each.topic for each in topology.SUBSCRIPTIONS}
    assert local.items() <= SOURCES.items()
    assert all(f"{name} " in MESSAGING.read_text("utf-8") for name in local)


def test_a_notification_is_restored_without_the_attributes_of_dead_letters() -> None:
    storage = FakeStorage()
    storage.create_bucket("incoming")
    version = storage.insert("incoming", "acme/1/acme-1.0-py3-none-any.whl", b"wheel")
    payload = make_payload(version.resource(storage.origin))
    attributes = make_finalize_attributes(version, None)
    restored = restore_message(make_letter(payload, **attributes), "file-uploaded")
    assert restored == RawMessage(payload, attributes)


def test_a_command_without_time_and_id_keeps_its_place_in_time() -> None:
    fields = complete(YANK)
    assert fields == {**YANK, "issued_at": "2026-11-01T08:30:00.250000Z", "command_id": "4711"}
    assert ProjectCommand.decode(json.dumps(fields).encode()).issued_at == datetime(
        2026, 11, 1, 8, 30, 0, 250_000, tzinfo=UTC
    )


def test_a_command_keeps_its_own_time_and_id() -> None:
    own = {**YANK, "issued_at": "2026-10-01T00:00:00Z", "command_id": "mine"}
    data = json.dumps(own, indent=2).encode()
    assert restore_message(make_letter(data), "project-command").data == data
    assert complete({**own, "command_id": None}) == {**own, "command_id": "4711"}


def test_unknown_fields_of_a_newer_command_are_kept() -> None:
    newer = {**YANK, "schema_version": 2, "new": {"deep": [1, None]}}
    assert newer.items() <= complete(newer).items()


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-01T08:30:00"])
def test_without_a_valid_time_of_the_message_the_time_of_the_letter_is_used(time: str) -> None:
    attributes = {**ADDED, "CloudPubSubDeadLetterSourceTopicPublishTime": time}
    letter = PulledMessage("lease", "1", NOON, RawMessage(json.dumps(YANK).encode(), attributes))
    fields = json.loads(restore_message(letter, "project-command").data)
    assert fields["issued_at"] == "2026-11-28T12:00:00.000000Z"


@pytest.mark.parametrize("data", [b"", b"\xff", b"[1]", b'"x"', b"{", b"[" * 100_000, b"9" * 5000])
def test_an_unreadable_command_is_restored_unchanged(data: bytes) -> None:
    assert restore_message(make_letter(data), "project-command").data == data


@pytest.mark.parametrize("topic", sorted(set(SOURCES.values()) - {"project-command"}))
def test_other_messages_are_never_changed(topic: str) -> None:
    data = json.dumps(YANK).encode()
    assert restore_message(make_letter(data), topic).data == data


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("acme-1.0", True),
        ("incoming", True),
        ("acme-2.0", False),
        ("eventType=OBJECT_FINALIZE", True),
        ("eventType=OBJECT", False),
        ("project=acme", True),
        ("project=acm", False),
        ("version=1.0", True),
        ("force=true", True),
        ("revision=7", True),
        ("reason=", False),
    ],
)
def test_a_filter_is_a_text_or_an_attribute_or_a_field(pattern: str, expected: bool) -> None:
    fields = {"command": {"project": "acme", "version": "1.0"}, "force": True, "revision": 7}
    data = json.dumps([{"name": "acme/1/acme-1.0.tar.gz"}, fields]).encode()
    letter = make_letter(data, eventType="OBJECT_FINALIZE", bucketId="my-incoming")
    assert is_match(letter, pattern) is expected


def test_a_filter_of_binary_data_is_no_error() -> None:
    letter = make_letter(b"\xff\x00 text")
    assert is_match(letter, "text")
    assert not is_match(letter, "key=text")


@pytest.mark.parametrize(
    "data", [b'{\n  "a": 1\n}\n', b"\x1b[2J\n\xff", b'"\\u001b[2J"', b"x" * 999]
)
def test_a_message_is_described_in_one_printable_line(data: bytes) -> None:
    line = describe_message(RawMessage(data))
    assert line.isprintable()
    assert line.isascii()
    assert 0 < len(line) <= 200
