"""docs/refusals.md, the codes, the corpus and the tests of the service tell of the same things."""

import re
from pathlib import Path

import pytest

from checks.distribution import check_name, verify
from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.archive import chunked
from testing.corpus.everything import ODDITIES, REFUSALS

DOCUMENT = Path(__file__).parents[3] / "docs/refusals.md"
TESTS = Path(__file__).parent

BEYOND_THE_FILE = {
    Reason.UNREADABLE_MESSAGE: "test_app.py",
    Reason.NOT_ALLOWED: "test_app.py",
    Reason.NOT_FOUND: "test_app.py",
    Reason.TOO_LARGE: "test_app.py",
    Reason.CONTENT_ENCODED: "test_precedence.py",
    Reason.DIGEST_MISMATCH: "test_app.py",
    Reason.PROJECT_CLOSED: "test_closing.py",
    Reason.EXISTS: "test_app.py",
}
"""The codes that no archive alone brings about, and where the service is seen to give them."""


def rows(heading: str) -> dict[str, tuple[str, str]]:
    """Cause and remedy of each row of the table with that heading, by its first column."""
    table = DOCUMENT.read_text("utf-8").split(f"\n| {heading} | cause | remedy |\n|---|---|---|\n")[
        1
    ]
    cells = [re.split(r" \| ", line.strip("| ")) for line in table.split("\n\n")[0].splitlines()]
    found = {first.strip("`"): (cause, remedy) for first, cause, remedy in cells}
    assert len(found) == len(cells), "a row is there twice"
    return found


def test_every_code_has_a_row_in_the_order_of_precedence() -> None:
    assert list(rows("code")) == list(Reason)


def test_every_row_tells_a_cause_and_a_remedy() -> None:
    for heading in ("code", "warning"):
        for first, (cause, remedy) in rows(heading).items():
            assert cause.endswith("."), first
            assert remedy.endswith("."), first


def test_every_code_has_an_archive_or_a_test_of_the_service() -> None:
    archives = {case.reason for case in REFUSALS}
    assert archives == set(Reason) - set(BEYOND_THE_FILE)


@pytest.mark.parametrize("reason", BEYOND_THE_FILE)
def test_the_service_is_seen_to_give_every_code_that_no_archive_brings_about(
    reason: Reason,
) -> None:
    assert f'== "{reason}"' in (TESTS / BEYOND_THE_FILE[reason]).read_text("utf-8")


def test_every_warning_has_a_row_and_every_row_a_case() -> None:
    patterns = {
        first: re.compile(".*".join(map(re.escape, first.split("…")))) for first in rows("warning")
    }
    unseen = set(patterns)
    for case in ODDITIES:
        data = case.build()
        name = check_name(case.filename, Policy(), None)
        for warning in verify(name, chunked(data, 65536), Policy(), len(data)).warnings:
            fitting = [first for first, pattern in patterns.items() if pattern.match(warning)]
            assert fitting, warning
            unseen.discard(fitting[0])
    assert unseen == set()


def test_every_reason_a_warning_starts_with_is_a_code() -> None:
    assert {first.partition(":")[0] for first in rows("warning")} <= set(Reason)
