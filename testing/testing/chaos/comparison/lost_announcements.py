"""Announcements that the settled state needs: written first, announced at least once."""

import json
from collections.abc import Iterator, Mapping, Sequence

from local import topology
from testing.chaos.expected_state import ExpectedState
from testing.chaos.expected_state.admissible import ACCEPTED, DONE, read_outcome
from testing.chaos.system_state import SystemState

Found = Mapping[str, list[dict[str, object]]]
"""Decoded messages by topic; unreadable ones are left out."""


def find_lost_announcements(state: SystemState, expected: ExpectedState) -> list[str]:
    """Return a sentence for each missing or groundless announcement."""
    messages = _decode_messages(state)
    return [
        *_compare_accepted(messages, expected),
        *_find_lost_refusals(messages, state, expected),
        *_find_lost_publications(messages, expected),
    ]


def _decode_messages(state: SystemState) -> Found:
    found = dict[str, list[dict[str, object]]]()
    for message in state.published:
        try:
            fields = json.loads(message.data)
        except ValueError:
            continue
        if isinstance(fields, dict):
            found.setdefault(message.topic, []).append(fields)
    return found


def _compare_accepted(messages: Found, expected: ExpectedState) -> Iterator[str]:
    files = (each.get("file") for each in messages.get("file-accepted", []))
    names = {str(file["filename"]) for file in files if isinstance(file, dict) and file}
    for name in sorted(expected.accepted - names):
        yield f"{name} was accepted, and never announced on file-accepted"
    for name in sorted(names - expected.accepted):
        yield f"{name} was announced on file-accepted, and no upload of it was accepted"


def _find_earlier_letters(refused: Sequence[dict[str, object]], state: SystemState) -> set[str]:
    """Return the verdicts on messages that 0.1.0 announced: without the id of the message."""
    details = {each.get("detail") for each in refused if not each.get("message_id")}
    verdicts = state.buckets[topology.VERDICTS]
    return {
        name
        for name, found in verdicts.items()
        if name.startswith("messages/") and json.loads(found.data).get("detail") in details
    }


def _find_lost_refusals(
    messages: Found, state: SystemState, expected: ExpectedState
) -> Iterator[str]:
    """Compare file-refused with all refusals: of objects, commands, messages and unlisted files."""
    refused = messages.get("file-refused", [])
    objects = {
        f"{each.get('name')}/{each.get('generation')}.json"
        for each in refused
        if not each.get("message_id")
    }
    commands = {f"commands/{each.get('command_id')}.json" for each in refused}
    letters = {f"messages/{each.get('message_id')}.json" for each in refused}
    earlier = _find_earlier_letters(refused, state) if expected.inputs.previous else set[str]()
    for name in expected.verdicts:
        outcome = read_outcome(state, name)
        is_refused = outcome not in (None, ACCEPTED, DONE)
        if is_refused and name not in objects | commands | letters | earlier:
            yield f"verdict {name} is {outcome}, and was never announced on file-refused"
    unlisted = {each.get("filename") for each in refused}
    for model in expected.models.values():
        for loser, winner in model.list_losers().items():
            if loser not in unlisted:
                yield f"{loser} is not listed because of {winner}, and file-refused has no message"


def _find_lost_publications(messages: Found, expected: ExpectedState) -> Iterator[str]:
    for project, record in expected.records.items():
        for topic in ("project-indexed", "project-published"):
            revisions = {
                str(each.get("record_revision"))
                for each in messages.get(topic, [])
                if each.get("project") == project
            }
            if str(record.revision) not in revisions:
                yield f"{project} has revision {record.revision}, and {topic} has no such message"
