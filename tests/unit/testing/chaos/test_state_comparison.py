"""Comparison of a settled state with the model: no difference, and one for each wrong state."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest

from local import topology
from testing.chaos.comparison import find_differences, find_losses
from testing.chaos.expected_state import build_expected_state
from testing.chaos.inputs import Inputs, MessageInput
from testing.chaos.inputs.input_files import SampleFile, build_sample_sdist, build_sample_wheel
from testing.chaos.system_state import DeadLetter, ObjectState, PublishedMessage, SystemState
from unit.testing.chaos.sequential_run import (
    SequentialRun,
    make_command,
    make_inputs_of,
    make_upload,
)

WHEEL = build_sample_wheel("fire-00", "1.0", requires="fire-01>=1")
SDIST = build_sample_sdist("fire-00", "1.0")
LATER = build_sample_wheel("fire-00", "2.0")
OTHER = build_sample_wheel("fire-01", "1.0")
HOSTILE = SampleFile("acme", "1.0", "acme-1.0-py3-none-any.whl", b"no zip")
RECORD, BETA = "projects/fire-00.json", "projects/fire-01.json"
PAGE, PAGE_OF_RELEASE = "simple/fire-00/index.v1.json", "projects/fire-00/1.0/index.html"


@cache
def play() -> tuple[Inputs, SystemState]:
    """Play uploads and commands of most kinds on the services."""
    inputs = make_inputs_of(
        make_upload(WHEEL, "1"),
        make_upload(SDIST, "2"),
        make_upload(LATER, "3"),
        make_upload(OTHER, "4"),
        make_upload(WHEEL, "again"),
        make_upload(build_sample_wheel("fire-00", "1.0", body="other"), "5"),
        make_upload(build_sample_wheel("fire-00", "1.0.0"), "6"),
        make_upload(HOSTILE, "7", fault="not-a-zip"),
        make_command(
            "acme/8/a.command.json", action="yank", project="fire-00", version="1", reason="ours"
        ),
        make_command(
            "operators/ada/b.command.json",
            action="yank",
            project="fire-00",
            filename=SDIST.filename,
            reason=" ",
        ),
        make_command(
            None, action="remove", project="fire-00", filename=LATER.filename, command_id="c1"
        ),
        make_command(
            None,
            action="set-status",
            project="fire-01",
            version="1.0.0",
            status="quarantined",
            command_id="c2",
        ),
        make_upload(build_sample_wheel("fire-01", "1.0", "cp313-none-any"), "9"),
    )
    return inputs, SequentialRun().play(inputs.steps)


def compare(state: SystemState) -> list[str]:
    inputs, _ = play()
    return find_differences(state, build_expected_state(inputs, state))


def test_the_settled_state_of_the_services_has_no_difference() -> None:
    inputs, state = play()
    expected = build_expected_state(inputs, state)
    assert find_differences(state, expected) == []
    assert expected.listed == {
        "fire-00": frozenset({WHEEL.filename, SDIST.filename}),
        "fire-01": frozenset(),
    }
    assert expected.withdrawable == {
        LATER.filename,
        OTHER.filename,
        "fire_01-1.0-cp313-none-any.whl",
    }
    assert sorted(set().union(*expected.verdicts.values())) == [
        *("accepted", "done", "exists", "not-a-zip", "project-closed")
    ]


def change(
    bucket: str, name: str, edit: Callable[[ObjectState], ObjectState | None]
) -> SystemState:
    """Return the settled state with one changed or deleted object."""
    _, state = play()
    objects = dict(state.buckets[bucket])
    changed = edit(objects.pop(name))
    if changed is not None:
        objects[name] = changed
    return replace(state, buckets={**state.buckets, bucket: objects})


def delete(bucket: str, name: str) -> SystemState:
    return change(bucket, name, lambda found: None)


def substitute(bucket: str, name: str, old: bytes, new: bytes) -> SystemState:
    """Return the settled state with other bytes in one object."""

    def edit(found: ObjectState) -> ObjectState:
        assert old in found.data, f"{old!r} is not in {name}"
        return replace(found, data=found.data.replace(old, new))

    return change(bucket, name, edit)


def label(bucket: str, name: str, **metadata: str) -> SystemState:
    """Return the settled state with other custom metadata of one object."""
    given = {key.replace("_", "-"): value for key, value in metadata.items()}
    return change(bucket, name, lambda f: replace(f, metadata={**f.metadata, **given}))


def edit_record(edit: Callable[[dict[str, dict[str, object]]], object]) -> SystemState:
    def change_document(found: ObjectState) -> ObjectState:
        document = json.loads(found.data)
        edit(document)
        return replace(found, data=json.dumps(document).encode())

    return change(topology.METADATA, RECORD, change_document)


def add(bucket: str, name: str, data: bytes = b"{}") -> SystemState:
    """Return the settled state with one more object."""
    _, state = play()
    other = next(iter(state.buckets[bucket].values()))
    objects = {**state.buckets[bucket], name: replace(other, name=name, data=data)}
    return replace(state, buckets={**state.buckets, bucket: objects})


def silence(topic: str) -> SystemState:
    """Return the settled state without the messages of a topic."""
    _, state = play()
    kept = [each for each in state.published if each.topic != topic]
    return replace(state, published=kept)


def find_verdict(run: str) -> str:
    _, state = play()
    return next(name for name in state.buckets[topology.VERDICTS] if f"acme/{run}/" in name)


V, P, M, S = topology.VERDICTS, topology.PACKAGES, topology.METADATA, topology.STATIC
REFUSED = b'{"outcome": "refused", "reason": "not-found", "detail": ""}'
WRONG: Mapping[str, tuple[Callable[[], SystemState], str]] = {
    "lost verdict": (lambda: delete(V, find_verdict("7")), "is missing, expected not-a-zip"),
    "wrong reason": (
        lambda: substitute(V, find_verdict("7"), b"not-a-zip", b"zip-bomb"),
        "is zip-bomb, expected not-a-zip",
    ),
    "refused valid file": (
        lambda: change(V, find_verdict("4"), lambda f: replace(f, data=REFUSED)),
        "is not-found, expected accepted",
    ),
    "lost answer": (lambda: delete(V, "commands/c1.json"), "commands/c1.json is missing"),
    "refused command": (
        lambda: change(V, "commands/c1.json", lambda f: replace(f, data=REFUSED)),
        "commands/c1.json is not-found, expected done",
    ),
    "stray verdict": (lambda: add(V, "messages/9.json", REFUSED), "messages/9.json is not-found"),
    "lost file": (lambda: delete(P, WHEEL.filename), f"packages/{WHEEL.filename} is missing"),
    "lost metadata": (lambda: delete(P, f"{SDIST.filename}.metadata"), ".metadata is missing"),
    "other bytes": (lambda: substitute(P, WHEEL.filename, b"PK", b"pk"), "has other bytes"),
    "stray file": (lambda: add(P, "evil-1.0-py3-none-any.whl"), "no upload of it was accepted"),
    "other uploader": (
        lambda: label(P, WHEEL.filename, uploader="tools"),
        f"packages/{WHEEL.filename} has the metadata",
    ),
    "lost record": (lambda: delete(M, BETA), f"{BETA} is missing"),
    "stray record": (lambda: add(M, "projects/evil.json"), "projects/evil.json exists"),
    "lost fact": (
        lambda: edit_record(lambda d: d["files"].pop(WHEEL.filename)),
        f"{RECORD}.files.{WHEEL.filename} is None",
    ),
    "wrong fact": (
        lambda: substitute(M, RECORD, b'">=3.9"', b'">=3.8"'),
        "requires_python is '>=3.8', expected '>=3.9'",
    ),
    "lost register": (
        lambda: edit_record(lambda d: d["removed"].update(files={})),
        f"{RECORD}.removed.files.{LATER.filename} is None",
    ),
    "blank reason": (
        lambda: substitute(M, RECORD, b'"ours"', b'"theirs"'),
        "yanked_by_uploaders.versions.1.reason is 'theirs', expected 'ours'",
    ),
    "stale catalog facts": (
        lambda: label(M, RECORD, file_count="3"),
        f"metadata of {RECORD}.file-count is '3', expected '2'",
    ),
    "incomplete revisions": (
        lambda: edit_record(lambda d: d["changed"].pop("2")),
        f"{RECORD} has the revisions of ['1'], expected ['1', '2']",
    ),
    "older page": (
        lambda: substitute(S, PAGE, b'"yanked":"ours"', b'"yanked":false'),
        f"static/{PAGE} is from byte",
    ),
    "page with a removed file": (
        lambda: substitute(S, PAGE, SDIST.filename.encode(), LATER.filename.encode()),
        f"listed files of fire-00.{LATER.filename} is True, expected None",
    ),
    "older page of a release": (
        lambda: substitute(S, PAGE_OF_RELEASE, b"ours", b"mine"),
        f"static/{PAGE_OF_RELEASE} is from byte",
    ),
    "older revision": (
        lambda: label(S, PAGE_OF_RELEASE, record_revision="7"),
        f"static/{PAGE_OF_RELEASE} has record-revision 7",
    ),
    "lost page": (lambda: delete(S, "simple/index.html"), "static/simple/index.html is missing"),
    "stray page": (lambda: add(S, "simple/evil/index.html"), "simple/evil/index.html exists"),
    "stale catalog": (
        lambda: substitute(S, "search.json", b"fire-01", b"fire-02"),
        "static/search.json is from byte",
    ),
    "unblocked file": (
        lambda: substitute(S, "blocked.json", LATER.filename.encode(), b"x-1.0.tar.gz"),
        "blocked files of fire-00 is",
    ),
    "no announcement of a file": (
        lambda: silence("file-accepted"),
        f"{WHEEL.filename} was accepted, and never announced",
    ),
    "no announcement of a refusal": (
        lambda: silence("file-refused"),
        "was never announced on file-refused",
    ),
    "no announcement of a record": (lambda: silence("project-indexed"), "project-indexed has no"),
    "no publication": (lambda: silence("project-published"), "project-published has no such"),
    "verdict written twice": (
        lambda: replace(play()[1], rewritten=[f"{V}/{find_verdict('7')}"]),
        "was written more than once",
    ),
    "dead letter": (
        lambda: replace(play()[1], dead_letters=(DeadLetter("web-project", "1", b"x"),)),
        "dead letter of web-project: b'x', expected none",
    ),
}  # fmt: skip


LOSSES = [
    *("lost verdict", "refused command", "lost file", "lost record", "lost register"),
    *("page with a removed file", "unblocked file", "no publication", "dead letter"),
    "verdict written twice",
]
"""Wrong states that two releases must not leave together."""


def find_losses_in(state: SystemState) -> list[str]:
    return find_losses(state, build_expected_state(play()[0], state))


@pytest.mark.parametrize("title", LOSSES)
def test_a_loss_is_found_before_the_commands_that_could_repair_it(title: str) -> None:
    make, _ = WRONG[title]
    assert find_losses_in(make()) != []


@pytest.mark.parametrize("title", ["wrong fact", "older page of a release", "stale catalog"])
def test_what_the_commands_after_an_upgrade_write_again_is_no_loss(title: str) -> None:
    make, _ = WRONG[title]
    assert find_losses_in(make()) == []


def test_a_file_that_is_missing_in_a_record_is_a_loss() -> None:
    state = edit_record(lambda document: document["files"].pop(WHEEL.filename))
    assert any(each.startswith(f"{RECORD}.files is") for each in find_losses_in(state))


def test_the_missing_metadata_of_an_sdist_is_no_loss_beside_the_previous_release() -> None:
    name = f"{SDIST.filename}.metadata"
    state, sentence = delete(topology.PACKAGES, name), f"packages/{name} is missing"
    given = replace(play()[0], previous=True)
    expected = build_expected_state(given, state)
    assert find_losses_in(state) == [sentence]
    assert sentence not in find_losses(state, expected)
    assert sentence in find_differences(state, expected)


def test_the_missing_metadata_of_a_wheel_is_a_loss_beside_the_previous_release() -> None:
    name = f"{WHEEL.filename}.metadata"
    state = delete(topology.PACKAGES, name)
    expected = build_expected_state(replace(play()[0], previous=True), state)
    assert f"packages/{name} is missing" in find_losses(state, expected)


def test_the_previous_release_announces_a_refused_message_without_its_id() -> None:
    inputs, state = play()
    broken = MessageInput("file-uploaded", b"{", "unreadable-message")
    given = replace(inputs, steps=[*inputs.steps, broken], previous=True)
    fields = {"reason": "unreadable-message", "detail": "no object"}
    verdict = json.dumps({"outcome": "refused", **fields}).encode()
    added = add(V, "messages/u9.json", verdict)

    def find_with(detail: str) -> list[str]:
        refused = json.dumps({**fields, "detail": detail}).encode()
        now = state.published[-1].published
        sent = PublishedMessage(broken.topic, "u9", broken.data, now)
        announced = PublishedMessage("file-refused", "r9", refused, now)
        early = replace(added, published=[*state.published, sent, announced])
        return find_differences(early, build_expected_state(given, early))

    lost = "verdict messages/u9.json is unreadable-message, and was never announced on file-refused"
    assert find_with("no object") == []
    assert find_with("about another message") == [lost]


@pytest.mark.parametrize("title", WRONG)
def test_a_wrong_state_has_a_difference_with_its_place(title: str) -> None:
    make, sentence = WRONG[title]
    differences = compare(make())
    assert any(sentence in each for each in differences), "\n".join(differences)
