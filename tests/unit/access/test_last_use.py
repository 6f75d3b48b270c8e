"""Last use of each token, from real lines of the proxy's access log: ``access.last_use``."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from access.last_use import MAX_QUERIES, LastUses, build_query, find_last_uses
from cloud.errors import CloudError, PermissionDenied, Unavailable
from cloud.log_entries import LogPage
from schemas.tokens import Token, hash_token
from testing.fakes.examples import NOON
from testing.fakes.memory_log import MemoryLog, make_log_entry
from testing.memory_proxy import NARROW, AccessLogReader, MemoryProxy, encode_basic

PAGE = "/simple/alpha-pkg/"


@pytest.fixture
def access_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> AccessLogReader:
    return AccessLogReader(capsys, caplog)


def make_entries(*uses: tuple[str, int]) -> list[dict[str, Any]]:
    """Return entries of names, each some days before noon."""
    return [make_entry(name, NOON - timedelta(days=days)) for name, days in uses]


def make_entry(name: str, time: datetime) -> dict[str, Any]:
    return make_log_entry({"severity": "INFO", "token": name}, time)


def make_token(name: str, age: int = 100) -> Token:
    return Token(name=name, sha256=hash_token(name), created=NOON - timedelta(days=age))


async def test_the_last_day_is_read_from_the_access_log_of_the_proxy(
    access_log: AccessLogReader,
) -> None:
    proxy = MemoryProxy()
    entries = []
    for days, token, path in (
        (9, None, PAGE),
        (3, NARROW, "/simple/beta/"),
        (2, "wrong", PAGE),
        (1, None, "/simple/"),
    ):
        await proxy.ask(path, {"authorization": encode_basic(token)} if token else {})
        entries.append(make_log_entry(access_log.read_lines()[-1], NOON - timedelta(days=days)))
    log = MemoryLog(entries)
    assert find_last_uses(log, ["ci", "team", "absent"], NOON) == LastUses(
        {"ci": date(2026, 11, 23), "team": date(2026, 11, 21)}
    )
    assert len(log.queries) == 1


def test_lines_of_other_services_and_older_lines_are_no_use() -> None:
    other = make_log_entry({"severity": "INFO", "token": "ci"}, NOON, service="gcpypi-upload")
    log = MemoryLog([other, *make_entries(("ci", 31))])
    assert find_last_uses(log, ["ci"], NOON) == LastUses({})


def test_a_busy_token_does_not_hide_the_others() -> None:
    busy = [("busy", 0)] * 25
    log = MemoryLog(make_entries(*busy, ("quiet", 1), ("busy", 2), ("rare", 29)), page_size=10)
    uses = find_last_uses(log, ["busy", "quiet", "rare", "unused"], NOON)
    assert uses == LastUses(
        {"busy": date(2026, 11, 24), "quiet": date(2026, 11, 23), "rare": date(2026, 10, 26)}
    )
    assert len(log.queries) == 2


def test_many_names_are_searched_in_queries_of_permitted_length() -> None:
    names = [f"{'n' * 60}{number}" for number in range(400)]
    log = MemoryLog(make_entries(*((name, 1) for name in names)))
    uses = find_last_uses(log, names, NOON)
    assert set(uses.days) == set(names)
    assert max(map(len, log.queries)) < 20_000


def test_the_number_of_queries_has_a_limit() -> None:
    names = [f"ci-{number}" for number in range(MAX_QUERIES + 5)]
    log = MemoryLog(make_entries(*((name, 1) for name in names)), page_size=1)
    uses = find_last_uses(log, names, NOON)
    assert (len(uses.days), len(log.queries)) == (MAX_QUERIES, MAX_QUERIES)
    assert uses.describe(make_token(names[-1]), NOON) in ("unknown", "2026-11-23")
    assert "the search ended" in uses.problem


def test_the_last_permitted_query_can_find_the_last_name() -> None:
    names = [f"ci-{number:02}" for number in range(MAX_QUERIES)]
    log = MemoryLog(make_entries(*((name, 1) for name in names)), page_size=1)
    assert find_last_uses(log, names, NOON).problem == ""
    assert len(log.queries) == MAX_QUERIES


def test_after_a_minute_no_query_begins() -> None:
    log = MemoryLog(make_entries(("a", 1), ("b", 2), ("c", 3)), page_size=1)
    times = iter((0.0, 0.0, 59.0, 60.0))
    uses = find_last_uses(log, ["a", "b", "c"], NOON, lambda: next(times))
    assert set(uses.days) == {"a", "b"}
    assert uses.problem == "too many log lines: the search ended after 2 queries"


def test_names_that_differ_in_case_are_different_names() -> None:
    log = MemoryLog(make_entries(("CI", 1), ("CI", 1)), page_size=1)
    uses = find_last_uses(log, ["ci"], NOON)
    assert (uses.days, uses.describe(make_token("ci"), NOON)) == ({}, "unknown")


@pytest.mark.parametrize("name", ['a"b', "a\\", 'x") OR jsonPayload.token=("ci', "é", "a\nb"])
def test_a_name_in_any_form_is_one_string_of_the_query(name: str) -> None:
    log = MemoryLog(make_entries(("ci", 1)))
    assert find_last_uses(log, [name], NOON) == LastUses({})


@pytest.mark.parametrize(
    ("days", "problem", "age", "expected"),
    [
        (2, "", 100, "2026-11-22"),
        (2, "down", 100, "2026-11-22"),
        (2, "", 2, "2026-11-22"),
        (2, "", 1, "unused"),  # an older token of the same name was used
        (None, "", 100, ">30d"),
        (None, "", 29, "unused"),
        (None, "down", 29, "unknown"),
        (None, "down", 100, "unknown"),
    ],
)
def test_a_use_is_described_by_its_day_or_the_lack_of_one(
    days: int | None, problem: str, age: int, expected: str
) -> None:
    known = {} if days is None else {"ci": (NOON - timedelta(days=days)).date()}
    assert LastUses(known, problem).describe(make_token("ci", age), NOON) == expected


class FailingLog:
    """Log that answers some queries, and then fails."""

    def __init__(self, log: MemoryLog, error: CloudError, answers: int = 0) -> None:
        self.log, self.error, self.answers = log, error, answers

    def list_newest(self, query: str) -> LogPage:
        self.answers -= 1
        if self.answers < 0:
            raise self.error
        return self.log.list_newest(query)


def test_without_the_right_to_read_the_log_the_role_is_named() -> None:
    log = FailingLog(MemoryLog([]), PermissionDenied("logs of projects/acme-prod", "403"))
    uses = find_last_uses(log, ["ci"], NOON)
    assert uses == LastUses(
        {},
        "logs of projects/acme-prod: 403; your account needs roles/logging.viewer on the project",
    )


def test_a_failure_keeps_the_days_that_are_found() -> None:
    log = MemoryLog(make_entries(("a", 1), ("b", 2)), page_size=1)
    uses = find_last_uses(FailingLog(log, Unavailable("logs", "429"), 1), ["a", "b"], NOON)
    assert uses == LastUses({"a": date(2026, 11, 23)}, "logs: 429")


def test_the_query_has_fields_that_cloud_logging_indexes() -> None:
    query = build_query(["ci", "ada"], NOON)
    assert query == (
        'logName:"run.googleapis.com%2Fstdout" AND resource.type="cloud_run_revision"'
        ' AND resource.labels.service_name="gcpypi-proxy"'
        ' AND timestamp>="2026-11-24T12:00:00.000000Z" AND jsonPayload.token=("ci" OR "ada")'
    )
