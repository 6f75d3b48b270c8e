"""Verdict about a load: statuses, ``Retry-After``, memory, recovery; choice of the loads."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.load.__main__ import Load, choose_loads
from benchmarks.load.client_loads import parse_response
from benchmarks.load.load_result import AnswerCounts, LoadResult, ServiceLimits, read_limits
from benchmarks.load.loaded_service import LoadedService, send_all
from testing.services.proxy_processes import HttpResponse

GOAL = 10.0


def make_result(answers: AnswerCounts | None = None) -> LoadResult:
    return LoadResult("proxy", "a load", answers or AnswerCounts(), 100.0, 10.0, 0.1, 0.2)


def list_faults(result: LoadResult) -> list[str]:
    return list(result.list_faults(GOAL))


@pytest.mark.parametrize("service", ["ingest", "indexer", "publisher", "catalog", "web", "proxy"])
def test_each_service_has_limits_in_terraform(service: str) -> None:
    limits = read_limits(service)

    assert limits.concurrency > 0
    assert limits.mebibytes >= 512


def test_the_limits_are_those_of_terraform() -> None:
    assert read_limits("ingest") == ServiceLimits(concurrency=2, mebibytes=1024)
    assert read_limits("upload") == ServiceLimits(concurrency=20, mebibytes=512)


def test_success_and_refusals_with_retry_after_are_no_faults() -> None:
    answers = AnswerCounts()
    for status, retry_after in ((200, None), (204, None), (429, "2"), (503, "5")):
        answers.add(status, retry_after)

    assert list_faults(make_result(answers)) == []


def test_another_status_is_a_fault() -> None:
    answers = AnswerCounts()
    answers.add(500, None)
    answers.add(500, None)

    assert list_faults(make_result(answers)) == ["2 answers are 500"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_without_retry_after_is_a_fault(status: int) -> None:
    answers = AnswerCounts()
    answers.add(status, None)

    assert list_faults(make_result(answers)) == ["1 answers 429 or 503 have no Retry-After"]


def test_a_broken_connection_is_a_fault() -> None:
    answers = AnswerCounts()

    def break_connection() -> HttpResponse:
        raise ConnectionResetError

    send_all([break_connection, lambda: HttpResponse(200, None, b"")], 2, answers)

    assert answers.statuses == {"ConnectionResetError": 1, "200": 1}
    assert list_faults(make_result(answers)) == ["1 answers are ConnectionResetError"]


def test_memory_above_terraforms_is_a_fault() -> None:
    result = replace(make_result(), mebibytes=513.0)

    assert list_faults(result) == ["513 MiB are more than 512, the memory in Terraform"]


@pytest.mark.parametrize("recovery", [10.1, None])
def test_a_missing_recovery_is_a_fault(recovery: float | None) -> None:
    result = replace(make_result(), recovery=recovery)

    assert list_faults(result) == ["a normal request does not take as long as before within 10 s"]


def test_a_service_that_fails_before_the_load_is_an_error() -> None:
    service = LoadedService("proxy", 1, lambda: HttpResponse(503, "2", b"no tokens"))

    with pytest.raises(RuntimeError, match="proxy answers 503: b'no tokens'"):
        service.measure("a load", lambda answers: None)


def test_a_response_of_bytes_has_its_status_and_retry_after() -> None:
    data = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\nlater\n"

    assert parse_response(data) == HttpResponse(503, "5", b"later\n")
    with pytest.raises(ConnectionError):
        parse_response(b"")


def test_loads_are_chosen_by_the_begin_of_their_names() -> None:
    def run(folder: Path) -> LoadResult:
        raise NotImplementedError

    loads: dict[str, Load] = {"indexer, one project": run, "indexer, new projects": run, "web": run}

    assert list(choose_loads(loads, "indexer")) == ["indexer, one project", "indexer, new projects"]
    assert list(choose_loads(loads, "")) == list(loads)
    with pytest.raises(SystemExit, match="'proxi'; the loads are: indexer, one project; "):
        choose_loads(loads, "proxi")
