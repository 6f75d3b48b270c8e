from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.outcomes import TooEarly
from indexer.issued_command import CommandRefused, IssuedCommand
from indexer.merge import Change, ConflictingFact, advance_revision, create_record, merge
from schemas.events import ProjectCommand
from schemas.names import ProjectName
from schemas.records import ProjectRecord, Register, StatusRegister
from schemas.releases import find_yank
from testing.fakes.examples import NOON, make_file_record, make_time

ACME = ProjectName("acme")
WHEEL = make_file_record("acme-1.0-py3-none-any.whl")
SDIST = make_file_record("acme-1.0.tar.gz")
NEWER = make_file_record("acme-2.0-py3-none-any.whl")
GRACE = timedelta(minutes=10)


def issue(action: str, at: float = 0, by: str = "c1", **fields: object) -> IssuedCommand:
    command = ProjectCommand.model_validate({"action": action, "project": "acme", **fields})
    return IssuedCommand(command, by, make_time(at), NOON + GRACE)


def merge_all(*changes: Change, onto: ProjectRecord | None = None) -> ProjectRecord:
    record, failures = merge(onto or create_record(ACME), changes, NOON)
    assert failures == [None] * len(changes)
    return record


def test_facts_are_added() -> None:
    record = merge_all(WHEEL, SDIST)
    assert record.files == {WHEEL.filename: WHEEL, SDIST.filename: SDIST}


def test_a_duplicate_fact_changes_nothing() -> None:
    record = merge_all(WHEEL)
    assert merge_all(WHEEL, onto=record) is record


def test_a_fact_that_contradicts_a_recorded_fact_is_rejected() -> None:
    other = WHEEL.model_copy(update={"sha256": "c" * 64})
    record, failures = merge(merge_all(WHEEL), [other, SDIST], NOON)
    assert isinstance(failures[0], ConflictingFact)
    assert failures[1] is None
    assert record.files == {WHEEL.filename: WHEEL, SDIST.filename: SDIST}


OLD_FACTS = make_file_record("acme-1.0.tar.gz")
NEW_FACTS = make_file_record("acme-1.0.tar.gz", requires_python=">=3.12", facts_version=2)


def test_facts_of_a_higher_version_replace_older_facts_in_any_order() -> None:
    for order in permutations((OLD_FACTS, NEW_FACTS, WHEEL, NEW_FACTS, OLD_FACTS)):
        assert merge_all(*order).files == {
            NEW_FACTS.filename: NEW_FACTS,
            WHEEL.filename: WHEEL,
        }


def test_facts_of_other_bytes_are_rejected_whatever_their_version() -> None:
    other = NEW_FACTS.model_copy(update={"sha256": "c" * 64})
    record, (failure,) = merge(merge_all(OLD_FACTS), [other], NOON)
    assert isinstance(failure, ConflictingFact)
    assert record.files == {OLD_FACTS.filename: OLD_FACTS}


def test_facts_of_a_higher_version_keep_the_registers() -> None:
    yanked = merge_all(OLD_FACTS, issue("yank", version="1.0"))
    assert merge_all(NEW_FACTS, onto=yanked).yanked == yanked.yanked


def test_a_version_is_yanked_with_its_reason() -> None:
    record = merge_all(WHEEL, issue("yank", version="1.0", reason="broken"))
    assert record.yanked.versions == {
        "1": Register(issued_at=NOON, command_id="c1", value=True, reason="broken")
    }


def test_equal_versions_are_one_release_however_they_are_written() -> None:
    record = merge_all(WHEEL, issue("yank", version="1.0.0"), issue("unyank", at=1, version="1"))
    assert len(record.yanked.versions) == 1
    assert find_yank(record, WHEEL) is None
    assert find_yank(merge_all(issue("yank", at=2, version="1.0.0.0"), onto=record), WHEEL)


@pytest.mark.parametrize("reason", [None, "", " \t"])
def test_a_yank_without_a_reason_has_none(reason: str | None) -> None:
    record = merge_all(WHEEL, issue("yank", filename=WHEEL.filename, reason=reason))
    assert record.yanked.files == {
        WHEEL.filename: Register(issued_at=NOON, command_id="c1", value=True, reason=None)
    }


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
    record = merge_all(WHEEL, issue(action, filename=WHEEL.filename))
    assert getattr(record, kind).files[WHEEL.filename].value is value


def test_a_status_is_set() -> None:
    record = merge_all(WHEEL, issue("set-status", status="archived", reason="moved"))
    assert record.status == StatusRegister(
        issued_at=NOON, command_id="c1", value="archived", reason="moved"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (issue("yank", at=5, version="1.0"), issue("unyank", at=4, version="1.0")),
        (
            issue("yank", by="c2", filename=WHEEL.filename),
            issue("unyank", by="c1", filename=WHEEL.filename),
        ),
        (
            issue("set-status", at=5, status="archived"),
            issue("set-status", at=4, status="quarantined"),
        ),
    ],
)
def test_an_older_command_is_a_success_that_changes_nothing(
    first: IssuedCommand, second: IssuedCommand
) -> None:
    record = merge_all(WHEEL, first)
    assert merge_all(second, onto=record) == record


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "yank", "version": "9.0"},
        {"action": "remove", "filename": "acme-9.0.tar.gz"},
    ],
)
def test_a_command_for_a_missing_file_is_too_early_then_refused(
    fields: dict[str, str],
) -> None:
    command = issue(at=0, by="c1", **fields)
    record = merge_all(WHEEL)
    _, (early,) = merge(record, [command], NOON + GRACE - timedelta(seconds=1))
    _, (late,) = merge(record, [command], NOON + GRACE)
    assert isinstance(early, TooEarly)
    assert isinstance(late, CommandRefused)
    assert late.reason == "not-found"


def test_the_status_of_a_project_without_files_is_too_early() -> None:
    _, (early,) = merge(create_record(ACME), [issue("set-status", status="archived")], NOON)
    assert isinstance(early, TooEarly)


def test_a_command_can_be_in_the_same_group_as_its_file() -> None:
    assert merge_all(WHEEL, issue("yank", version="1.0")).yanked.versions


def test_a_command_without_issued_at_is_issued_at_its_publish_time() -> None:
    command = ProjectCommand.model_validate({"action": "yank", "project": "a", "version": "1"})
    assert IssuedCommand.from_command(command, "77", NOON, GRACE) == IssuedCommand(
        command, "77", NOON, NOON + GRACE
    )


def test_a_revision_follows_the_clock_and_never_decreases() -> None:
    at_noon = advance_revision(create_record(ACME), NOON)
    assert at_noon.revision == int(NOON.timestamp() * 1_000_000)
    assert advance_revision(at_noon, make_time(-60)).revision == at_noon.revision + 1


def test_a_command_from_the_future_is_refused() -> None:
    fields = {"action": "yank", "project": "a", "version": "1", "issued_at": make_time(301)}
    command = ProjectCommand.model_validate(fields)
    with pytest.raises(CommandRefused) as caught:
        IssuedCommand.from_command(command, "77", NOON, GRACE)
    assert caught.value.reason == "issued-in-future"
    assert IssuedCommand.from_command(command, "77", make_time(1), GRACE).issued_at == make_time(
        301
    )


COMMANDS = [
    issue(action, at=at, by=by, **target)
    for at, by in ((1, "a"), (1, "b"), (2, "a"))
    for action in ("yank", "unyank", "remove", "restore")
    for target in ({"version": "1.0"}, {"filename": WHEEL.filename})
] + [
    issue("set-status", at=at, by=by, status=status)
    for at, by, status in ((1, "a", "archived"), (1, "b", "quarantined"), (2, "a", "active"))
]


@given(st.lists(st.sampled_from(COMMANDS), max_size=12), st.randoms(use_true_random=False))
def test_the_order_and_the_number_of_deliveries_do_not_matter(
    commands: Sequence[IssuedCommand], random: Random
) -> None:
    """A command id identifies one command: the last of each (time, id, register) counts."""
    unique = {_build_register_key(command): command for command in commands}.values()
    shuffled = [*unique, *unique]
    random.shuffle(shuffled)
    base = merge_all(WHEEL, SDIST, NEWER)
    assert merge_all(*shuffled, onto=base) == merge_all(*unique, onto=base)


def _build_register_key(issued: IssuedCommand) -> tuple[object, ...]:
    command = issued.command
    kind = {"yank": "y", "unyank": "y", "remove": "r", "restore": "r"}.get(command.action)
    return issued.issued_at, issued.command_id, kind, command.version, command.filename
