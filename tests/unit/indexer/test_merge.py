from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.outcomes import TooEarly
from indexer.merge import (
    Change,
    CommandRefused,
    ConflictingFact,
    IssuedCommand,
    empty,
    merge,
    revised,
)
from schemas.events import ProjectCommand
from schemas.names import ProjectName
from schemas.records import ProjectRecord, Register, StatusRegister
from schemas.releases import yank_of
from testing.fakes.examples import NOON, file_record, later

ACME = ProjectName("acme")
WHEEL = file_record("acme-1.0-py3-none-any.whl")
SDIST = file_record("acme-1.0.tar.gz")
NEWER = file_record("acme-2.0-py3-none-any.whl")
GRACE = timedelta(minutes=10)


def issued(action: str, at: float = 0, by: str = "c1", **fields: object) -> IssuedCommand:
    command = ProjectCommand.model_validate({"action": action, "project": "acme", **fields})
    return IssuedCommand(command, by, later(at), NOON + GRACE)


def merged(*changes: Change, onto: ProjectRecord | None = None) -> ProjectRecord:
    record, failures = merge(onto or empty(ACME), changes, NOON)
    assert failures == [None] * len(changes)
    return record


def test_facts_are_added() -> None:
    record = merged(WHEEL, SDIST)
    assert record.files == {WHEEL.filename: WHEEL, SDIST.filename: SDIST}


def test_a_fact_told_again_changes_nothing() -> None:
    record = merged(WHEEL)
    assert merged(WHEEL, onto=record) is record


def test_a_fact_that_contradicts_a_recorded_one_is_kept_out() -> None:
    other = WHEEL.model_copy(update={"sha256": "c" * 64})
    record, failures = merge(merged(WHEEL), [other, SDIST], NOON)
    assert isinstance(failures[0], ConflictingFact)
    assert failures[1] is None
    assert record.files == {WHEEL.filename: WHEEL, SDIST.filename: SDIST}


def test_a_version_is_yanked_with_its_reason() -> None:
    record = merged(WHEEL, issued("yank", version="1.0", reason="broken"))
    assert record.yanked.versions == {
        "1": Register(issued_at=NOON, command_id="c1", value=True, reason="broken")
    }


def test_equal_versions_are_one_release_however_they_are_written() -> None:
    record = merged(WHEEL, issued("yank", version="1.0.0"), issued("unyank", at=1, version="1"))
    assert len(record.yanked.versions) == 1
    assert yank_of(record, WHEEL) is None
    assert yank_of(merged(issued("yank", at=2, version="1.0.0.0"), onto=record), WHEEL)


def test_a_yank_without_a_reason_says_yanked() -> None:
    record = merged(WHEEL, issued("yank", filename=WHEEL.filename))
    assert record.yanked.files[WHEEL.filename].reason == "yanked"


@pytest.mark.parametrize(
    ("action", "kind", "value"),
    [
        ("yank", "yanked", True),
        ("unyank", "yanked", False),
        ("remove", "removed", True),
        ("restore", "removed", False),
    ],
)
def test_each_action_sets_its_register(action: str, kind: str, value: bool) -> None:
    record = merged(WHEEL, issued(action, filename=WHEEL.filename))
    assert getattr(record, kind).files[WHEEL.filename].value is value


def test_a_status_is_set() -> None:
    record = merged(WHEEL, issued("set-status", status="archived", reason="moved"))
    assert record.status == StatusRegister(
        issued_at=NOON, command_id="c1", value="archived", reason="moved"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (issued("yank", at=5, version="1.0"), issued("unyank", at=4, version="1.0")),
        (
            issued("yank", by="c2", filename=WHEEL.filename),
            issued("unyank", by="c1", filename=WHEEL.filename),
        ),
        (
            issued("set-status", at=5, status="archived"),
            issued("set-status", at=4, status="quarantined"),
        ),
    ],
)
def test_an_older_command_is_a_success_that_changes_nothing(
    first: IssuedCommand, second: IssuedCommand
) -> None:
    record = merged(WHEEL, first)
    assert merged(second, onto=record) == record


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "yank", "version": "9.0"},
        {"action": "remove", "filename": "acme-9.0.tar.gz"},
    ],
)
def test_a_command_for_what_is_not_there_yet_is_too_early_then_refused(
    fields: dict[str, str],
) -> None:
    command = issued(at=0, by="c1", **fields)
    record = merged(WHEEL)
    _, (early,) = merge(record, [command], NOON + GRACE - timedelta(seconds=1))
    _, (late,) = merge(record, [command], NOON + GRACE)
    assert isinstance(early, TooEarly)
    assert isinstance(late, CommandRefused)
    assert late.reason == "not-found"


def test_the_status_of_a_project_without_files_is_too_early() -> None:
    _, (early,) = merge(empty(ACME), [issued("set-status", status="archived")], NOON)
    assert isinstance(early, TooEarly)


def test_a_command_may_come_in_the_group_of_the_file_it_speaks_of() -> None:
    assert merged(WHEEL, issued("yank", version="1.0")).yanked.versions


def test_a_command_is_issued_when_it_is_published_unless_it_says_otherwise() -> None:
    command = ProjectCommand.model_validate({"action": "yank", "project": "a", "version": "1"})
    assert IssuedCommand.from_command(command, "77", NOON, GRACE) == IssuedCommand(
        command, "77", NOON, NOON + GRACE
    )


def test_a_revision_follows_the_clock_and_never_falls() -> None:
    at_noon = revised(empty(ACME), NOON)
    assert at_noon.revision == int(NOON.timestamp() * 1_000_000)
    assert revised(at_noon, later(-60)).revision == at_noon.revision + 1


def test_a_command_from_the_future_is_refused_as_nothing_could_undo_it() -> None:
    fields = {"action": "yank", "project": "a", "version": "1", "issued_at": later(301)}
    command = ProjectCommand.model_validate(fields)
    with pytest.raises(CommandRefused) as caught:
        IssuedCommand.from_command(command, "77", NOON, GRACE)
    assert caught.value.reason == "issued-in-future"
    assert IssuedCommand.from_command(command, "77", later(1), GRACE).issued_at == later(301)


COMMANDS = [
    issued(action, at=at, by=by, **target)
    for at, by in ((1, "a"), (1, "b"), (2, "a"))
    for action in ("yank", "unyank", "remove", "restore")
    for target in ({"version": "1.0"}, {"filename": WHEEL.filename})
] + [
    issued("set-status", at=at, by=by, status=status)
    for at, by, status in ((1, "a", "archived"), (1, "b", "quarantined"), (2, "a", "active"))
]


@given(st.lists(st.sampled_from(COMMANDS), max_size=12), st.randoms(use_true_random=False))
def test_the_order_and_the_number_of_deliveries_do_not_matter(
    commands: Sequence[IssuedCommand], random: Random
) -> None:
    """One command id stands for one command, so the last of each (time, id, register) counts."""
    unique = {_register_key(command): command for command in commands}.values()
    shuffled = [*unique, *unique]
    random.shuffle(shuffled)
    base = merged(WHEEL, SDIST, NEWER)
    assert merged(*shuffled, onto=base) == merged(*unique, onto=base)


def _register_key(issued: IssuedCommand) -> tuple[object, ...]:
    command = issued.command
    kind = {"yank": "y", "unyank": "y", "remove": "r", "restore": "r"}.get(command.action)
    return issued.issued_at, issued.command_id, kind, command.version, command.filename
