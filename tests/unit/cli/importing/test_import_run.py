"""Runs of an import that end early: they keep the results of the files before."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.errors import PermissionDenied
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.import_report import report_import
from gcpypi.importing.import_result import ImportOutcome, ImportResult
from gcpypi.importing.import_run import FinishedImport, ImportOptions, explain_ending, run_import
from gcpypi.importing.sources.directory_source import DirectorySource
from gcpypi.settings import load_settings
from testing.fakes.small_wheels import build_wheel, wheel_filename
from unit.cli.importing.source_server import SourceServer, run_source

VERSIONS = ("1.0", "1.1", "1.2")


@pytest.fixture
def index() -> Iterator[SourceServer]:
    """Empty index that receives the files."""
    with run_source() as server:
        yield server


@pytest.fixture
def source(tmp_path: Path) -> DirectorySource:
    for version in VERSIONS:
        (tmp_path / wheel_filename("acme", version)).write_bytes(build_wheel("acme", version))
    return DirectorySource(tmp_path)


def import_until(
    last: int, error: BaseException, source: DirectorySource, index: SourceServer
) -> FinishedImport:
    """Import without uploads, by one thread, and raise an error after some files."""
    seen = list[ImportResult]()

    def report(result: ImportResult) -> None:
        seen.append(result)
        if len(seen) == last:
            raise error

    connection = IndexConnection(load_settings(index_url=index.url))
    options = ImportOptions(jobs=1, is_dry_run=True)
    return run_import(source, connection, options, lambda files: report)


def test_ctrl_c_keeps_the_results_of_the_files_before(
    source: DirectorySource, index: SourceServer, capsys: pytest.CaptureFixture[str]
) -> None:
    done = import_until(1, KeyboardInterrupt(), source, index)

    assert {result.outcome for result in done.results} == {ImportOutcome.ACCEPTABLE}
    assert report_import(done, as_json=True) == ExitCode.INTERRUPTED
    printed, note = capsys.readouterr()
    report = json.loads(printed)
    assert len(report["files"]) == len(done.results) >= 1
    assert (report["exit_code"], report["differences"]) == (130, [])
    assert note.splitlines()[-1] == f"gcpypi: {report['error']}"
    assert report["error"].startswith(f"interrupted after {len(done.results)} files")


def test_a_failure_of_the_index_keeps_the_results_of_the_files_before(
    source: DirectorySource, index: SourceServer, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = CommandFailure("the index does not answer", ExitCode.UNAVAILABLE)

    done = import_until(2, failure, source, index)

    assert len(done.results) >= 2
    assert report_import(done, as_json=False) == ExitCode.UNAVAILABLE
    assert "the index does not answer. The import ended after" in capsys.readouterr().err


def test_missing_rights_name_those_of_an_operator() -> None:
    ending = explain_ending(PermissionDenied("gs://incoming", "403"), [])

    assert ending.code == ExitCode.UNAVAILABLE
    assert "An import needs the rights of an operator" in str(ending)
