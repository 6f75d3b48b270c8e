"""Reason codes in docs/refusals.md, the corpus and the tests of the service are the same."""

import re
from pathlib import Path

import pytest

from checks.distribution import check_name, verify
from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.archive import split_chunks
from testing.corpus.everything import ODDITIES, REFUSALS

DOCUMENT = Path(__file__).parents[3] / "docs/refusals.md"
TESTS = Path(__file__).parent

TESTS_OF_OTHER_CODES = {
    Reason.UNREADABLE_MESSAGE: "test_app.py",
    Reason.NOT_ALLOWED: "test_app.py",
    Reason.NOT_FOUND: "test_app.py",
    Reason.TOO_LARGE: "test_app.py",
    Reason.CONTENT_ENCODED: "test_precedence.py",
    Reason.BAD_UPLOAD_TIME: "test_imported_files.py",
    Reason.DIGEST_MISMATCH: "test_app.py",
    Reason.BAD_COMMAND: "commands/test_command_objects.py",
    Reason.PROJECT_CLOSED: "test_closing.py",
    Reason.PROJECT_TOO_LARGE: "test_large_projects.py",
    Reason.EXISTS: "test_app.py",
}
"""Codes without an archive in the corpus, and the module with their test."""


def read_rows(heading: str) -> dict[str, tuple[str, str]]:
    """Return cause and remedy of each row of the table with that heading, by its first column."""
    table = DOCUMENT.read_text("utf-8").split(f"\n| {heading} | cause | remedy |\n|---|---|---|\n")[
        1
    ]
    cells = [re.split(r" \| ", line.strip("| ")) for line in table.split("\n\n")[0].splitlines()]
    found = {first.strip("`"): (cause, remedy) for first, cause, remedy in cells}
    assert len(found) == len(cells), "a row is duplicated"
    return found


def test_every_code_has_a_row_in_the_order_of_precedence() -> None:
    assert list(read_rows("code")) == list(Reason)


def test_every_row_has_a_cause_and_a_remedy() -> None:
    for heading in ("code", "warning"):
        for first, (cause, remedy) in read_rows(heading).items():
            assert cause.endswith("."), first
            assert remedy.endswith("."), first


def test_every_code_has_an_archive_or_a_test_of_the_service() -> None:
    archives = {case.reason for case in REFUSALS}
    assert archives == set(Reason) - set(TESTS_OF_OTHER_CODES)


@pytest.mark.parametrize("reason", TESTS_OF_OTHER_CODES)
def test_a_test_of_the_service_expects_every_other_code(
    reason: Reason,
) -> None:
    assert f'== "{reason}"' in (TESTS / TESTS_OF_OTHER_CODES[reason]).read_text("utf-8")


def test_every_warning_has_a_row_and_every_row_a_case() -> None:
    patterns = {
        first: re.compile(".*".join(map(re.escape, first.split("…"))))
        for first in read_rows("warning")
    }
    unseen = set(patterns)
    for case in ODDITIES:
        data = case.build()
        name = check_name(case.filename, Policy(), None)
        for warning in verify(name, split_chunks(data, 65536), Policy(), len(data)).warnings:
            fitting = [first for first, pattern in patterns.items() if pattern.match(warning)]
            assert fitting, warning
            unseen.discard(fitting[0])
    assert unseen == set()


def test_every_warning_starts_with_a_code() -> None:
    assert {first.partition(":")[0] for first in read_rows("warning")} <= set(Reason)
