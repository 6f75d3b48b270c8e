"""Dead letters: their topics, the message in a letter, and the filter of ``replay``.

https://cloud.google.com/pubsub/docs/handling-failures
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from cloud.forwarding.messages import PulledMessage, RawMessage
from schemas.events import (
    CommandAccepted,
    FileAccepted,
    FileUploaded,
    ProjectCommand,
    ProjectIndexed,
)
from schemas.types import format_time

SUFFIX = "-dead-letter"
"""Suffix of the name of a dead-letter subscription, after the name of its subscription."""

SOURCES: Mapping[str, str] = {
    "ingest-file-uploaded": FileUploaded.topic,
    "indexer-file-accepted": FileAccepted.topic,
    "indexer-project-command": ProjectCommand.topic,
    "indexer-command-accepted": CommandAccepted.topic,
    "publisher-project": ProjectIndexed.topic,
    "publisher-catalog": ProjectIndexed.topic,
    "web-project": ProjectIndexed.topic,
}
"""Topic of each subscription with dead letters."""

_PREFIX = "CloudPubSubDeadLetterSource"
"""Prefix of the attributes that Pub/Sub adds to a dead letter."""
_SOURCE_TIME = f"{_PREFIX}TopicPublishTime"
"""Attribute with the publish time of the message in its topic, in milliseconds."""
_LONGEST_LINE = 200
"""Characters of a message in the output."""


def restore_message(letter: PulledMessage, topic: str) -> RawMessage:
    """Return the message in a dead letter, as it was published on ``topic``.

    The attributes that Pub/Sub added are removed. A command typed by an operator keeps its place
    in the order of commands: see :func:`_complete_command`.
    """
    raw = letter.raw
    attributes = {
        name: value for name, value in raw.attributes.items() if not name.startswith(_PREFIX)
    }
    data = _complete_command(letter) if topic == ProjectCommand.topic else raw.data
    return RawMessage(data, attributes)


def _complete_command(letter: PulledMessage) -> bytes:
    """Set a missing ``issued_at`` and ``command_id`` of a command; keep all other fields.

    By default they are the publish time and the id of the message, and a replay changes both. So a
    replayed command would override every newer one. Google does not document the original id of a
    dead letter. Its own id is the same in every delivery, so a repeated replay changes nothing.
    """
    command = _parse_json(letter.raw.data)
    if not isinstance(command, dict):
        return letter.raw.data  # the indexer refuses it
    defaults = {
        "issued_at": format_time(_read_source_time(letter)),
        "command_id": letter.message_id,
    }
    missing = {name: value for name, value in defaults.items() if command.get(name) is None}
    return json.dumps({**command, **missing}).encode() if missing else letter.raw.data


def _read_source_time(letter: PulledMessage) -> datetime:
    """Return the publish time of the message in its topic, or that of the letter if unknown."""
    try:
        moment = datetime.fromisoformat(letter.raw.attributes.get(_SOURCE_TIME, ""))
    except ValueError:
        return letter.publish_time
    return moment if moment.tzinfo else letter.publish_time


def is_match(letter: PulledMessage, pattern: str) -> bool:
    """Return whether a letter matches the argument of ``--filter``.

    ``key=value`` matches an attribute, or a field of the JSON at any depth. A text without ``=``
    matches a part of the data or of the value of an attribute.
    """
    attributes, data = letter.raw.attributes, letter.raw.data
    key, equals, value = pattern.partition("=")
    if equals:
        return (key, value) in attributes.items() or (key, value) in _list_fields(_parse_json(data))
    texts = (data.decode(errors="replace"), *attributes.values())
    return any(pattern in text for text in texts)


def describe_message(message: RawMessage) -> str:
    """Return the beginning of a message in one line of printable ASCII."""
    parsed = _parse_json(message.data)
    line = ascii(message.data) if parsed is None else json.dumps(parsed)
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."


def _parse_json(data: bytes) -> object:
    """Return the JSON value of ``data``, or None if it is not JSON."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value


def _list_fields(value: object) -> Iterator[tuple[str, str]]:
    """Yield name and text of each scalar field of a JSON value."""
    if isinstance(value, dict):
        for name, field in value.items():
            if isinstance(field, dict | list):
                yield from _list_fields(field)
            else:
                yield name, field if isinstance(field, str) else json.dumps(field)
    elif isinstance(value, list):
        for each in value:
            yield from _list_fields(each)
