"""Two deliveries of one upload at the same time, in each order of their calls (ADR 37).

At any time an event decides against the upload: the project is archived, an equivalent file is
recorded, or another upload takes the name. One of the deliveries is killed at any step, and may be
delivered again. In each state of all these runs the announcements agree with the verdict. After a
delivery is acknowledged, the verdict is stored and announced, whatever happens to the other one.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence

import pytest

from chaos.interleaving.delivery_states import (
    DeliveryState,
    Exploration,
    RecordedAnswers,
    RecordedBucket,
    RecordedTopic,
    SharedState,
    StoredBytes,
    SystemStep,
)
from chassis.outcomes import Outcome
from checks.command_rights import CommandRights
from checks.policy import Policy
from ingest.app import Ingest
from ingest.closing import ClosingRules
from ingest.commands.command_objects import CommandObjects
from ingest.promotion import Promotion
from ingest.uniqueness import UniqueFiles
from ingest.verdicts import Verdicts
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import FileAccepted, FileRefused
from schemas.names import ProjectName
from schemas.push import PushEnvelope
from schemas.records import ProjectRecord, StatusRegister
from testing.fakes.examples import NOON, make_file_record
from testing.fakes.small_wheels import build_wheel
from unit.ingest.service import FILENAME, NAME, WHEEL, encode_push

ACME = ProjectName("acme")
GENERATION = 7
VERDICT = f"{NAME}/{GENERATION}.json"
Event = Callable[[SharedState], SharedState | None]
Triggers = Sequence[Mapping[str, object]]

NOTIFICATION: Mapping[str, object] = {"generation": str(GENERATION)}
ANNOUNCEMENT: Mapping[str, object] = {}
TRIGGERS: Mapping[str, Triggers] = {
    "notification and message": (NOTIFICATION, ANNOUNCEMENT),
    "notification twice": (NOTIFICATION, NOTIFICATION),
    "message twice": (ANNOUNCEMENT, ANNOUNCEMENT),
}


def create_ingest(answers: RecordedAnswers) -> Ingest:
    """Create ingest with buckets and topics that have recorded answers."""
    names = ("incoming", "packages", "verdicts", "metadata")
    incoming, packages, verdicts, metadata = (RecordedBucket(name, answers) for name in names)
    topic = RecordedTopic(answers)
    decisions = Verdicts(verdicts, topic, topic, lambda: NOON)
    promotion = Promotion(
        incoming,
        packages,
        Policy(),
        ClosingRules(metadata, packages).require_open,
        UniqueFiles(metadata).require_unique,
    )
    rights = CommandRights(None)
    commands = CommandObjects(incoming, verdicts, topic, topic, rights, lambda: NOON)
    return Ingest(promotion, decisions, commands)


def handle(answers: RecordedAnswers, push: PushEnvelope) -> Outcome:
    return asyncio.run(create_ingest(answers).handle_upload(push))


def store_record(state: SharedState, record: ProjectRecord) -> SharedState:
    facts = CatalogEntry.from_record(record).to_metadata()
    name, items = layout.locate_record(ACME), tuple(sorted(facts.items()))
    return state.put(StoredBytes("metadata", name, 1, record.encode(), items))


def archive_project(state: SharedState) -> SharedState:
    status = StatusRegister(issued_at=NOON, command_id="1", value="archived")
    return store_record(state, ProjectRecord(project=ACME, revision=1, status=status))


def record_equivalent_file(state: SharedState) -> SharedState:
    file = make_file_record("acme-1.0.0-py3-none-any.whl")
    files = {file.filename: file}
    return store_record(state, ProjectRecord(project=ACME, revision=1, files=files))


def take_name(state: SharedState) -> SharedState | None:
    if state.find("packages", FILENAME):
        return None
    facts = {
        "sha256": "a" * 64,
        "upload-time": "2026-11-24T12:00:00.000000Z",
        "uploader": "ci",
        "source-generation": "8",
        "file-rules": "1",
        "run": "43",
    }
    other = StoredBytes("packages", FILENAME, 5, build_wheel(body=b"2"), tuple(facts.items()))
    metadata = StoredBytes("packages", f"{FILENAME}.metadata", 5, b"")
    return state.put(other).put(metadata)


EVENTS: Mapping[str, tuple[Event, str]] = {
    "the project is archived": (archive_project, "project-closed"),
    "an equivalent file is recorded": (record_equivalent_file, "exists"),
    "another upload takes the name": (take_name, "exists"),
}
"""Events, each with the reason of a refusal after it."""


def begin(triggers: Triggers) -> SystemStep:
    deliveries = []
    for number, fields in enumerate(triggers):
        message = json.dumps({"bucket": "incoming", "name": NAME, **fields}).encode()
        push = PushEnvelope.model_validate_json(encode_push(message, str(number), {}))
        deliveries.append(DeliveryState(push))
    upload = StoredBytes("incoming", NAME, GENERATION, WHEEL)
    return SystemStep(SharedState(frozenset({upload})), tuple(deliveries), kills=1)


def read_verdict(state: SharedState) -> str | None:
    """Return ``accepted``, the reason of the refusal, or None without a verdict."""
    stored = state.find("verdicts", VERDICT)
    verdict = json.loads(stored.data) if stored else {}
    return verdict.get("reason") or verdict.get("outcome")


def list_announced(state: SharedState) -> set[str | None]:
    """Return the announced results, as in the verdict."""
    found: set[str | None] = set()
    for message in state.announced:
        if isinstance(message, FileAccepted):
            found.add("accepted")
        elif isinstance(message, FileRefused):
            found.add(message.reason)
    return found


def describe_outcome(outcome: Outcome) -> str | None:
    return "accepted" if outcome.name == "done" else outcome.reason


def require_one_result(state: SystemStep) -> None:
    """Check the announcements and the outcomes of a state."""
    verdict, announced = read_verdict(state.shared), list_announced(state.shared)
    assert announced <= {verdict}, "the announcement differs from the verdict"
    for delivery in state.deliveries:
        if delivery.outcome is not None:
            assert describe_outcome(delivery.outcome) == verdict
            assert announced == {verdict}, "the verdict of an acknowledged message is not announced"
    if verdict == "accepted":
        package = state.shared.find("packages", FILENAME)
        assert package is not None
        assert package.data == WHEEL


@pytest.mark.parametrize("triggers", TRIGGERS)
@pytest.mark.parametrize("event", EVENTS)
def test_two_deliveries_of_an_upload_have_one_result_in_any_order(
    event: str, triggers: str
) -> None:
    happen, reason = EVENTS[event]
    ends = set()
    for state in Exploration(handle, happen).visit(begin(TRIGGERS[triggers])):
        require_one_result(state)
        if all(delivery.outcome for delivery in state.deliveries):
            package = state.shared.find("packages", FILENAME)
            ends.add((read_verdict(state.shared), package is not None and package.data == WHEEL))
    expected = {("accepted", True), (reason, False), (reason, True)}
    assert ends == expected - ({(reason, True)} if event.startswith("another") else set())
