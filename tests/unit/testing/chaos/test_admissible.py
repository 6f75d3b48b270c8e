"""Admissible outcomes: exactly one if the steps have an order, more if they race."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local import topology
from testing.chaos.expected_state.admissible import Outcomes
from testing.chaos.expected_state.settling import is_settled
from testing.chaos.inputs import CommandInput, FileInput, Inputs, Step
from testing.chaos.inputs.input_files import SampleFile, build_sample_wheel
from testing.chaos.system_state import ObjectState, PublishedMessage, SystemState

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
FILE = build_sample_wheel("fire-00", "1.0")
OTHER_BYTES = build_sample_wheel("fire-00", "1.0", body="other")
EQUIVALENT = build_sample_wheel("fire-00", "1.0.0")
NEXT = build_sample_wheel("fire-00", "1.0", "cp313-none-any")


def upload(file: SampleFile, *after: int) -> FileInput:
    path = f"acme/{len(file.data)}-{file.filename}/{file.filename}"
    return FileInput(path, file.data, "acme", "message", after=frozenset(after))


def command(second: int, *after: int, **fields: str) -> CommandInput:
    given = {
        "project": "fire-00",
        "command_id": f"c{second}",
        "issued_at": (NOON + timedelta(seconds=second)).isoformat(),
        **fields,
    }
    return CommandInput(None, json.dumps(given).encode(), after=frozenset(after))


def close(second: int, *after: int, status: str = "archived", **fields: str) -> CommandInput:
    return command(second, *after, action="set-status", status=status, **fields)


def make_object(name: str, data: bytes) -> ObjectState:
    return ObjectState(name, data, 7, NOON)


def make_state(steps: Collection[Step], accepted: Collection[int]) -> SystemState:
    """Return a state in which these uploads have been accepted, and the others refused."""
    incoming, verdicts, published = {}, {}, []
    for number, step in enumerate(steps):
        if isinstance(step, FileInput):
            incoming[step.path] = make_object(step.path, step.data)
            refused = {"outcome": "refused", "reason": "exists"}
            verdict = {"outcome": "accepted"} if number in accepted else refused
            name = f"{step.path}/7.json"
            verdicts[name] = make_object(name, json.dumps(verdict).encode())
        else:
            published.append(PublishedMessage("project-command", str(number), step.data, NOON))
    names = topology.BUCKETS.values()
    buckets: dict[str, Mapping[str, ObjectState]] = {name: {} for name in names}
    found = {topology.INCOMING: incoming, topology.VERDICTS: verdicts}
    return SystemState({**buckets, **found}, published, ())


def make_outcomes(steps: Collection[Step], accepted: Collection[int]) -> Outcomes:
    inputs = Inputs(0, previous=False, steps=tuple(steps), uploaders={}, service_users={})
    return Outcomes(inputs, make_state(steps, accepted))


CASES: Mapping[str, tuple[Collection[Step], Collection[int], Collection[str]]] = {
    "alone": ([upload(FILE)], [0], ["accepted"]),
    "other bytes after it": ([upload(FILE), upload(OTHER_BYTES, 0)], [0], ["exists"]),
    "other bytes raced": ([upload(FILE), upload(OTHER_BYTES)], [0], ["accepted", "exists"]),
    "other bytes refused before": ([upload(FILE), upload(OTHER_BYTES, 0)], [1], ["accepted"]),
    "equivalent name after it": ([upload(FILE), upload(EQUIVALENT, 0)], [0], ["exists"]),
    "equivalent name raced": ([upload(FILE), upload(EQUIVALENT)], [0], ["accepted", "exists"]),
    "closed before": ([close(1), upload(FILE, 0)], [], ["project-closed"]),
    "closed in a race": (
        [upload(FILE), close(1, 0), upload(NEXT)],
        [0],
        ["accepted", "project-closed"],
    ),
    "opened before": ([close(1), close(2, 0, status="active"), upload(FILE, 1)], [], ["accepted"]),
    "opened by an older command": (
        [close(2), close(1, 0, status="active"), upload(FILE, 1)],
        [],
        ["project-closed"],
    ),
    "reopened in a race": (
        [close(1), close(2, status="active"), upload(FILE, 0)],
        [],
        ["accepted", "project-closed"],
    ),
    "release closed": (
        [close(1, version="1", status="quarantined"), upload(FILE, 0)],
        [],
        ["project-closed"],
    ),
    "another release closed": (
        [close(1, version="2", status="quarantined"), upload(FILE, 0)],
        [],
        ["accepted"],
    ),
    "another project closed": ([close(1, project="fire-01"), upload(FILE, 0)], [], ["accepted"]),
    "deprecated": ([close(1, status="deprecated"), upload(FILE, 0)], [], ["accepted"]),
    "known file of a closed project": (
        [upload(FILE), close(1, 0), FileInput("tools/2/" + FILE.filename, FILE.data, "tools",
                                              "both", after=frozenset({1}))],
        [0, 2],
        ["accepted"],
    ),
}  # fmt: skip
"""Steps, the accepted ones, and the admissible outcomes of the last step."""


@pytest.mark.parametrize("title", CASES)
def test_the_order_of_the_steps_decides_which_outcomes_are_admissible(title: str) -> None:
    steps, accepted, wanted = CASES[title]
    outcomes = make_outcomes(steps, accepted)
    assert outcomes.allow_file(outcomes.files[-1]) == set(wanted)


def test_a_command_that_races_with_its_file_can_be_refused() -> None:
    steps: list[Step] = [
        upload(FILE),
        command(1, action="yank", version="1"),
        command(2, 0, action="yank", version="1.0.0"),
    ]
    outcomes = make_outcomes(steps, [0])
    racing, ordered = outcomes.commands
    assert outcomes.allow_command(racing) == {"done", "not-found"}
    assert outcomes.allow_command(ordered) == {"done"}


@pytest.mark.parametrize(
    ("source", "after", "unlisted"), [("7", (), True), ("8", (), False), ("7", (0,), False)]
)
def test_the_file_of_a_refused_upload_can_be_in_packages_only_after_a_race(
    source: str, after: tuple[int, ...], unlisted: bool
) -> None:
    steps = [upload(FILE), upload(EQUIVALENT, *after)]
    state = make_state(steps, [0])
    package = ObjectState(EQUIVALENT.filename, b"", 9, NOON, {"source-generation": source})
    buckets = {**state.buckets, topology.PACKAGES: {package.name: package}}
    found = Outcomes(make_outcomes(steps, [0]).inputs, replace(state, buckets=buckets))
    assert not found.is_accepted(found.files[1])
    assert found.is_unlisted(found.files[1]) is unlisted


def test_an_upload_has_settled_when_its_record_has_the_file() -> None:
    inputs = make_outcomes([upload(FILE)], [0]).inputs
    state = make_state(inputs.steps, [0])
    assert not is_settled(0, inputs, state)
    record = make_object("projects/fire-00.json", b'{"files": {"%s": {}}}' % FILE.filename.encode())
    buckets = {**state.buckets, topology.METADATA: {record.name: record}}
    assert is_settled(0, inputs, SystemState(buckets, (), ()))
    assert is_settled(0, inputs, make_state(inputs.steps, []))


def test_a_command_has_settled_when_it_has_an_answer() -> None:
    inputs = make_outcomes([command(1, action="yank", version="1")], []).inputs
    state = make_state(inputs.steps, [])
    assert not is_settled(0, inputs, state)
    answer = make_object("commands/c1.json", b'{"outcome": "done"}')
    buckets = {**state.buckets, topology.VERDICTS: {answer.name: answer}}
    assert is_settled(0, inputs, SystemState(buckets, state.published, ()))
