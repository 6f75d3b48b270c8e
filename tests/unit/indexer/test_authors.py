"""Commands with an author: registers of operators and uploaders, statuses of releases."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.outcomes import TooEarly
from indexer.issued_command import CLOCK_SKEW, CommandRefused, IssuedCommand
from indexer.merge import Change, create_record, merge
from schemas.events import CommandAccepted, ProjectCommand
from schemas.names import ProjectName
from schemas.records import ProjectRecord, Register, StatusRegister
from schemas.releases import find_yank, get_status, list_offered_files
from testing.calls import count_calls
from testing.fakes.examples import NOON, make_file_record, make_time

ACME = ProjectName("acme")
WHEEL = make_file_record("acme-1.0-py3-none-any.whl")
SDIST = make_file_record("acme-1.0.tar.gz")
NEWER = make_file_record("acme-2.0-py3-none-any.whl")
GRACE = timedelta(minutes=10)
ADA = "operators/ada"


def issue(
    action: str, at: float = 0, issued_by: str | None = None, by: str = "c1", **fields: object
) -> IssuedCommand:
    """Make a command with the id ``by``."""
    command = ProjectCommand.model_validate({"action": action, "project": "acme", **fields})
    return IssuedCommand(command, by, make_time(at), NOON + GRACE, issued_by)


def merge_all(*changes: Change, onto: ProjectRecord | None = None) -> ProjectRecord:
    record, failures = merge(onto or create_record(ACME), changes, NOON)
    assert failures == [None] * len(changes)
    return record


def test_a_register_names_its_author() -> None:
    record = merge_all(WHEEL, issue("yank", issued_by="acme", version="1.0", reason="broken"))
    expected = Register(
        issued_at=NOON, command_id="c1", value=True, reason="broken", issued_by="acme"
    )
    assert record.yanked_by_uploaders.versions == {"1": expected}
    assert record.yanked == create_record(ACME).yanked


@pytest.mark.parametrize("author", [None, ADA])
def test_operators_share_one_register_of_yanks(author: str | None) -> None:
    yanked = merge_all(WHEEL, issue("yank", issued_by=ADA, version="1.0"))
    record = merge_all(issue("unyank", at=1, issued_by=author, version="1.0"), onto=yanked)
    assert find_yank(record, WHEEL) is None
    assert record.yanked_by_uploaders == create_record(ACME).yanked_by_uploaders


def test_uploaders_of_one_project_share_one_register_of_yanks() -> None:
    yanked = merge_all(WHEEL, issue("yank", issued_by="acme", version="1.0"))
    record = merge_all(issue("unyank", at=1, issued_by="tools", version="1.0"), onto=yanked)
    assert find_yank(record, WHEEL) is None


YANK = issue("yank", at=1, issued_by=ADA, version="1.0", reason="theirs")
OWN_YANK = issue("yank", at=1, issued_by="acme", version="1.0", reason="ours")


def test_the_unyank_of_an_uploader_does_not_lift_the_yank_of_an_operator() -> None:
    unyank = issue("unyank", at=2, issued_by="acme", version="1.0", of_uploaders=True)
    for order in permutations((YANK, OWN_YANK, unyank)):
        yank = find_yank(merge_all(WHEEL, *order), WHEEL)
        assert yank is not None
        assert (yank.reason, yank.issued_by) == ("theirs", ADA)


def test_the_unyank_of_an_operator_lifts_the_yank_of_an_uploader_only_on_request() -> None:
    plain = issue("unyank", at=2, issued_by=ADA, version="1.0")
    explicit = issue("unyank", at=2, issued_by=ADA, version="1.0", of_uploaders=True)
    for order in permutations((OWN_YANK, plain)):
        yank = find_yank(merge_all(WHEEL, *order), WHEEL)
        assert yank is not None
        assert yank.reason == "ours"
    for order in permutations((OWN_YANK, explicit)):
        assert find_yank(merge_all(WHEEL, *order), WHEEL) is None
    for order in permutations((YANK, explicit)):
        assert find_yank(merge_all(WHEEL, *order), WHEEL), "it lifts no yank of an operator"


@pytest.mark.parametrize(("on", "off"), [("remove", "restore"), ("restore", "remove")])
def test_removals_of_operators_and_uploaders_share_one_register(on: str, off: str) -> None:
    first = issue(on, issued_by=ADA, filename=WHEEL.filename)
    second = issue(off, at=1, issued_by="acme", filename=WHEEL.filename)
    for order in permutations((first, second)):
        register = merge_all(WHEEL, *order).removed.files[WHEEL.filename]
        assert (register.value, register.issued_by) == (off == "remove", "acme")


def test_the_status_of_a_release_has_its_own_register() -> None:
    record = merge_all(
        WHEEL,
        NEWER,
        issue("set-status", at=1, issued_by=ADA, version="1.0.0", status="quarantined"),
        issue("set-status", at=2, status="archived"),
    )
    expected = StatusRegister(
        issued_at=make_time(1), command_id="c1", value="quarantined", issued_by=ADA
    )
    assert record.release_status == {"1": expected}
    assert get_status(record) == "archived"
    assert list_offered_files(record) == [NEWER]


RELEASED = StatusRegister(issued_at=make_time(2), command_id="c1", value="active")


def test_the_newest_status_of_a_release_wins_in_any_order() -> None:
    commands = (
        issue("set-status", at=1, version="1.0", status="quarantined"),
        issue("set-status", at=2, version="1", status="active", by="c1"),
        issue("set-status", at=2, version="1.0.0", status="quarantined", by="c0"),
    )
    for order in permutations(commands):
        assert merge_all(WHEEL, *order).release_status == {"1": RELEASED}


def test_the_status_of_a_release_without_files_is_too_early_then_refused() -> None:
    command = issue("set-status", version="9.0", status="quarantined")
    _, (early,) = merge(merge_all(WHEEL), [command], NOON + GRACE - timedelta(seconds=1))
    _, (late,) = merge(merge_all(WHEEL), [command], NOON + GRACE)
    assert isinstance(early, TooEarly)
    assert isinstance(late, CommandRefused)
    assert late.reason == "not-found"


def make_accepted(at: float, **fields: object) -> CommandAccepted:
    facts = {"action": "yank", "project": "acme", "version": "1.0", "command_id": "acme.0"}
    command = {**facts, "issued_at": make_time(at), **fields}
    return CommandAccepted.model_validate({"command": command, "issued_by": "acme"})


def test_a_command_of_an_object_keeps_its_id_time_and_author() -> None:
    accepted = make_accepted(-3600)
    assert IssuedCommand.from_accepted(accepted, NOON, GRACE) == IssuedCommand(
        accepted.command, "acme.0", make_time(-3600), NOON + GRACE, "acme"
    )


def test_a_command_of_an_object_waits_until_its_time_is_past() -> None:
    """The author cannot correct the time of Cloud Storage, so the command is not refused."""
    accepted = make_accepted(CLOCK_SKEW.total_seconds() + 60)
    issued = IssuedCommand.from_accepted(accepted, NOON, GRACE)
    record, (early,) = merge(merge_all(WHEEL), [issued], NOON)
    assert isinstance(early, TooEarly)
    assert record == merge_all(WHEEL)
    _, (later,) = merge(record, [issued], make_time(60))
    assert later is None


AUTHORS = (None, ADA, "acme", "tools")
TARGETS: tuple[dict[str, object], ...] = ({"version": "1.0"}, {"filename": WHEEL.filename})
STATUSES: tuple[dict[str, object], ...] = (
    {"status": "archived"},
    {"status": "quarantined"},
    {"status": "quarantined", "version": "1"},
    {"status": "active", "version": "1.0"},
)
ACTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    *product(("yank", "unyank", "remove", "restore"), TARGETS),
    ("unyank", {"version": "1.0", "of_uploaders": True}),
    *product(("set-status",), STATUSES),
)
COMMANDS = [
    issue(action, at, author, str(number), **fields)
    for number, (at, author, (action, fields)) in enumerate(product((1, 2), AUTHORS, ACTIONS))
]
"""Commands with distinct ids, many of them at the same time."""
CHANGES: list[Change] = [WHEEL, SDIST, NEWER, *COMMANDS]


@given(st.lists(st.sampled_from(CHANGES), max_size=14), st.randoms(use_true_random=False))
def test_the_order_and_the_number_of_deliveries_do_not_matter(
    changes: Sequence[Change], random: Random
) -> None:
    shuffled = [*changes, *changes]
    random.shuffle(shuffled)
    assert _settle(shuffled) == _settle(changes)


def _settle(changes: Sequence[Change]) -> ProjectRecord:
    """Merge changes; deliver again, at the end, the commands that were too early."""
    record, failures = merge(create_record(ACME), changes, NOON)
    pairs = zip(changes, failures, strict=True)
    early = [change for change, failure in pairs if isinstance(failure, TooEarly)]
    return merge(record, early, NOON)[0]


def test_a_command_costs_no_more_calls_in_a_record_with_statuses_of_releases() -> None:
    """The merge of a command reads the registers of one key, not those of all releases."""
    small = merge_all(WHEEL)
    releases = [make_file_record(f"acme-1.{n}.tar.gz") for n in range(1, 50)]
    statuses = [issue("set-status", version=f.version, status="quarantined") for f in releases]
    large = merge_all(WHEEL, *releases, *statuses)
    command = issue("set-status", at=1, version="1.0", status="quarantined")

    def count(record: ProjectRecord) -> int:
        return count_calls(lambda: merge(record, [command], NOON))

    assert count(large) == count(small)
