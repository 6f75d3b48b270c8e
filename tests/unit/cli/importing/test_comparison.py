"""Comparison of the source with the index, yanks, exit codes and the report."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest

from gcpypi.commanding.command_author import CommandAuthor
from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.comparison import compare, wait_for_pages
from gcpypi.importing.import_report import choose_exit_code, describe_import, report_import
from gcpypi.importing.import_result import ImportDifference, ImportOutcome, ImportResult
from gcpypi.importing.import_run import FinishedImport
from gcpypi.importing.sources.source_files import SourceFile, SourceListing
from gcpypi.importing.target_pages import TargetPages
from gcpypi.importing.yanks import YankCommands, YankedFile, require_operator
from gcpypi.settings import Settings
from schemas import layout
from schemas.verdict_documents import CommandVerdict
from testing.fakes.examples import NOON
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.small_wheels import wheel_filename
from unit.cli.importing.source_server import SourceServer, run_source

WHEEL = "acme-1.0-py3-none-any.whl"
TIME = datetime(2020, 3, 1, 8, 30, tzinfo=UTC)
STATED = SourceFile(WHEEL, "at", "acme", upload_time=TIME, yanked="bad", requires_python=">=3.8")
FACTS = {"upload-time": "2020-03-01T08:30:00.000000Z", "yanked": "bad", "requires-python": ">=3.8"}


@pytest.fixture
def page() -> Iterator[SourceServer]:
    with run_source() as server:
        server.files, server.facts = {WHEEL: b"wheel"}, {WHEEL: dict(FACTS)}
        yield server


@pytest.fixture
def pages(page: SourceServer) -> TargetPages:
    return TargetPages(IndexClient.from_url(page.url, None))


def make_result(
    pages: TargetPages, file: SourceFile = STATED, outcome: ImportOutcome = ImportOutcome.IMPORTED
) -> ImportResult:
    listed = pages.get_files("acme").get(WHEEL)
    return ImportResult(file, outcome, listed.digests["sha256"] if listed else "0" * 64)


def find_kinds(pages: TargetPages, result: ImportResult) -> list[str]:
    return [each.kind for each in compare(pages, [result], awaited_yanks=False)]


def finish(
    *differences: ImportDifference, outcome: ImportOutcome = ImportOutcome.IMPORTED, **more: object
) -> FinishedImport:
    results = [ImportResult(STATED, outcome, "0" * 64, "not-a-zip", "a fault [in] it")]
    done = FinishedImport("at", "run", False, SourceListing([STATED]), results)
    return replace(done, differences=differences, **more)  # type: ignore[arg-type]


def test_equal_files_have_no_difference(pages: TargetPages) -> None:
    assert find_kinds(pages, make_result(pages)) == []


def test_facts_that_the_source_lacks_are_not_compared(pages: TargetPages) -> None:
    assert find_kinds(pages, make_result(pages, SourceFile(WHEEL, "at", "acme"))) == []


@pytest.mark.parametrize(
    ("fact", "value", "kind"),
    [
        ("hashes", {"sha256": "0" * 64}, "other digest"),
        ("upload-time", "2026-11-28T00:00:00Z", "other upload time"),
        ("upload-time", None, "other upload time"),
        ("yanked", False, "not yanked"),
        ("requires-python", ">=3.9", "other Requires-Python"),
    ],
)
def test_each_different_fact_is_found(
    fact: str, value: object, kind: str, page: SourceServer, pages: TargetPages
) -> None:
    result = make_result(pages)
    pages.forget("acme")
    page.facts[WHEEL][fact] = value

    assert find_kinds(pages, result) == [kind]


def test_a_file_that_no_page_lists_is_missing(page: SourceServer, pages: TargetPages) -> None:
    page.files = {}
    refused = replace(make_result(pages), outcome=ImportOutcome.REFUSED, reason="not-a-zip")

    [difference] = compare(pages, [refused], awaited_yanks=False)

    assert difference == ImportDifference(WHEEL, "missing", "0" * 64, "not-a-zip")


def test_the_pages_are_requested_until_they_list_the_files(
    page: SourceServer, pages: TargetPages
) -> None:
    result = make_result(pages)
    assert wait_for_pages(pages, [result], 30.0)
    page.files = {}
    assert not wait_for_pages(pages, [result], 0.01)


def test_pages_are_requested_at_the_same_time(page: SourceServer) -> None:
    names = [wheel_filename(f"tool{number}") for number in range(3)]
    page.files = dict.fromkeys(names, b"wheel")
    page.together = Barrier(3)
    pages = TargetPages(IndexClient.from_url(page.url, None), jobs=3)
    results = [
        ImportResult(SourceFile(name, "at", name.partition("-")[0]), ImportOutcome.IMPORTED)
        for name in names
    ]

    assert list(compare(pages, results, awaited_yanks=False)) == []
    assert wait_for_pages(pages, results, 0.0)
    assert not page.together.broken


def test_a_yank_is_a_command_object_of_the_operator(page: SourceServer, pages: TargetPages) -> None:
    page.facts[WHEEL]["yanked"] = False
    incoming, verdicts = MemoryBucket("incoming"), MemoryBucket("verdicts")
    yanks = YankCommands(incoming, verdicts, CommandAuthor("operators/ada"), 0.01)

    assert list(yanks.send(pages, [make_result(pages)])) == [YankedFile(WHEEL, "unanswered")]

    [info] = incoming.list("operators/ada/")
    stored = incoming.read(info.name)
    assert stored is not None
    assert layout.is_command_name(info.name)
    assert json.loads(stored.data) == {
        "action": "yank",
        "project": "acme",
        "filename": WHEEL,
        "reason": "bad",
    }


def test_the_answer_to_a_yank_is_awaited(page: SourceServer, pages: TargetPages) -> None:
    page.facts[WHEEL]["yanked"] = False
    incoming, verdicts = MemoryBucket("incoming"), MemoryBucket("verdicts")
    yanks = YankCommands(incoming, verdicts, CommandAuthor("operators/ada"), 30.0)
    answers = yanks.send(pages, [make_result(pages)])
    write = incoming.write

    def answer(name: str, *arguments: object, **options: object) -> object:
        info = write(name, *arguments, **options)  # type: ignore[arg-type]
        command_id = layout.derive_command_id(name, info.generation)
        verdict = CommandVerdict(outcome="done", command_id=command_id, time=NOON)
        verdicts.put(layout.locate_command_verdict(command_id), verdict.encode())
        return info

    incoming.write = answer  # type: ignore[method-assign, assignment]
    assert list(answers) == [YankedFile(WHEEL, "done")]


def test_a_yanked_file_of_the_index_is_not_yanked_again(pages: TargetPages) -> None:
    bucket = MemoryBucket("incoming")
    commands = YankCommands(bucket, bucket, CommandAuthor("operators/ada"), 1.0)

    assert list(commands.send(pages, [make_result(pages)])) == []


def test_yanks_need_the_name_of_an_operator() -> None:
    with pytest.raises(CommandFailure, match="GCPYPI_OPERATOR"):
        require_operator(Settings())
    with pytest.raises(CommandFailure, match="'a/b' is not the name of an operator"):
        require_operator(Settings(operator="a/b"))


@pytest.mark.parametrize(
    ("done", "code"),
    [
        (finish(), ExitCode.OK),
        (finish(ImportDifference(WHEEL, "other upload time", "a", "b")), ExitCode.OK),
        (finish(ImportDifference(WHEEL, "not yanked", "a", "b")), ExitCode.OK),
        (finish(ImportDifference(WHEEL, "missing", "a", "b")), ExitCode.REFUSED),
        (finish(ImportDifference(WHEEL, "other digest", "a", "b")), ExitCode.REFUSED),
        (finish(outcome=ImportOutcome.REFUSED), ExitCode.REFUSED),
        (finish(outcome=ImportOutcome.FAILED), ExitCode.REFUSED),
        (finish(listing=SourceListing([STATED], failures={"acme": "500"})), ExitCode.REFUSED),
        (finish(yanks=[YankedFile(WHEEL, "refused")]), ExitCode.REFUSED),
        (finish(yanks=[YankedFile(WHEEL, "unanswered")]), ExitCode.TIMEOUT),
        (finish(is_visible=False), ExitCode.TIMEOUT),
        (finish(outcome=ImportOutcome.UNANSWERED), ExitCode.TIMEOUT),
    ],
)
def test_the_exit_code_says_whether_all_files_are_in_the_index(
    done: FinishedImport, code: ExitCode
) -> None:
    assert choose_exit_code(done) == code


def test_the_tables_have_refusals_and_differences(capsys: pytest.CaptureFixture[str]) -> None:
    other = ImportDifference("beta-1.0.tar.gz", "other upload time", "2020", "2026")
    missing = ImportDifference(WHEEL, "missing", "", "not-a-zip")
    statuses = SourceListing([STATED], statuses={"acme": "archived"})

    report_import(
        finish(missing, other, outcome=ImportOutcome.REFUSED, listing=statuses), as_json=False
    )

    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines()] == [
        ["not", "imported", "reason", "detail"],
        [WHEEL, "not-a-zip", "a", "fault", "[in]", "it"],
        [],
        ["file", "difference", "source", "index"],
        ["beta-1.0.tar.gz", "other", "upload", "time", "2020", "2026"],
    ]
    assert err.splitlines() == [
        "acme is archived at the source, and active here: set the status yourself",
        "1 refused; 2 differences",
    ]


def test_json_is_one_value(capsys: pytest.CaptureFixture[str]) -> None:
    done: Sequence[FinishedImport] = [finish(yanks=[YankedFile(WHEEL, "done")])]

    report_import(done[0], as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(json.dumps(describe_import(done[0]), default=str))
    assert found["files"][0]["upload_time"] == "2020-03-01T08:30:00.000000Z"
    assert found["yanks"] == [{"filename": WHEEL, "outcome": "done", "detail": None}]
