"""One run of ``gcpypi import``: read the source, import its files, yank, compare."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cloud.errors import CloudError, PermissionDenied
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.connection.unique_names import make_time_name
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.comparison import compare, wait_for_pages
from gcpypi.importing.file_import import FileImport, UploadTarget
from gcpypi.importing.import_result import ImportDifference, ImportOutcome, ImportResult
from gcpypi.importing.sources.bucket_source import RAW, BucketSource
from gcpypi.importing.sources.directory_source import DirectorySource
from gcpypi.importing.sources.simple_source import SimpleIndexSource
from gcpypi.importing.sources.source_files import ImportSource, SourceListing
from gcpypi.importing.target_pages import TargetPages
from gcpypi.importing.yanks import YankCommands, YankedFile, require_operator

GS = "gs://"
RIGHTS: Mapping[type[CloudError], str] = {
    PermissionDenied: "an import needs the rights of an operator (operators in terraform.tfvars)"
}
Report = Callable[[ImportResult], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import."""

    globs: Sequence[str] = ()
    jobs: int = 8
    is_dry_run: bool = False
    map_yanks: bool = False


@dataclass(frozen=True, slots=True)
class FinishedImport:
    """All results of a run."""

    source: str
    run: str
    is_dry_run: bool
    listing: SourceListing
    results: Sequence[ImportResult]
    is_visible: bool = True
    """True if the pages list all imported files."""
    yanks: Sequence[YankedFile] = ()
    differences: Sequence[ImportDifference] = ()
    ending: CommandFailure | None = None
    """Failure that ended the run early, also Ctrl-C. The results are those before it."""


def open_source(source: str, connection: IndexConnection, jobs: int) -> ImportSource:
    """Return the source of an argument.

    :raises CommandFailure: if it is neither a directory nor a URL.
    """
    if source.startswith(GS):
        bucket, slash, prefix = source.removeprefix(GS).partition("/")
        return BucketSource(connection.open_bucket(bucket), prefix if slash else RAW)
    if "://" in source and not os.path.exists(source):
        return SimpleIndexSource.from_url(source, jobs)
    return DirectorySource(Path(source))


def run_import(
    source: ImportSource,
    connection: IndexConnection,
    options: ImportOptions,
    start: Callable[[int], Report],
) -> FinishedImport:
    """Import the files of a source.

    :param start: takes the number of files, and returns a function for each result.
    :raises CommandFailure: if the source or the index does not answer, before the first file.
    """
    settings, pages = connection.settings, TargetPages(connection.index, options.jobs)
    run = make_time_name(datetime.now(UTC))
    yanks = _prepare_yanks(connection, options)
    target = None if options.is_dry_run else _open_target(connection, run)
    listing = source.read_listing(options.globs)
    if not listing.files and not listing.failures:
        raise CommandFailure(f"{source.address} has no files: check the address of SOURCE")
    files = FileImport(source, pages, settings.policy, target)
    done = FinishedImport(source.address, run, options.is_dry_run, listing, [])
    try:
        done = _import_all(done, files, options.jobs, start(len(listing.files)))
        if done.ending is None and not options.is_dry_run:
            done = _complete(done, pages, yanks, settings.timeout)
    except (KeyboardInterrupt, CloudError, CommandFailure) as error:
        return replace(done, ending=explain_ending(error, done.results))
    return done


def _open_target(connection: IndexConnection, run: str) -> UploadTarget:
    uploads, verdicts = connection.get_uploads(), connection.get_bucket("verdicts")
    return UploadTarget(uploads, verdicts, run, connection.settings.timeout)


def _prepare_yanks(connection: IndexConnection, options: ImportOptions) -> YankCommands | None:
    if not options.map_yanks or options.is_dry_run:
        return None
    operator = require_operator(connection.settings)
    incoming, verdicts = (connection.get_bucket(role) for role in ("incoming", "verdicts"))
    return YankCommands(incoming, verdicts, operator, connection.settings.timeout)


def _import_all(
    done: FinishedImport, files: FileImport, jobs: int, report: Report
) -> FinishedImport:
    """Import all files in threads; add their results in the order of the listing.

    An error or Ctrl-C ends the import, and all files before it keep their results.
    """
    ending: BaseException | None = None
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(files.import_file, file) for file in done.listing.files]
        try:
            for future in as_completed(futures):
                report(future.result())
        except (KeyboardInterrupt, CloudError, CommandFailure) as error:
            ending = error
            files.stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
        except BaseException:
            files.stopped.set()
            raise
    results = [each.result() for each in futures if is_successful(each)]
    failure = explain_ending(ending, results) if ending else None
    return replace(done, results=results, ending=failure)


def _complete(
    done: FinishedImport, pages: TargetPages, yanks: YankCommands | None, timeout: float
) -> FinishedImport:
    """Wait for the pages, send the yanks, and compare."""
    is_visible = wait_for_pages(pages, done.results, timeout)
    answers = list(yanks.send(pages, done.results)) if yanks else []
    differences = list(compare(pages, done.results, awaited_yanks=yanks is not None))
    return replace(done, is_visible=is_visible, yanks=answers, differences=differences)


def explain_ending(error: BaseException, results: Sequence[ImportResult]) -> CommandFailure:
    """Return the error that ended an import early as a failure, with the number of files."""
    imported = sum(result.outcome is ImportOutcome.IMPORTED for result in results)
    counts = f"{len(results)} files, of which {imported} were imported: import again to continue"
    if isinstance(error, KeyboardInterrupt):
        return CommandFailure(f"interrupted after {counts}", ExitCode.INTERRUPTED)
    failure = explain_cloud_error(error, RIGHTS) if isinstance(error, CloudError) else error
    code = failure.code if isinstance(failure, CommandFailure) else ExitCode.UNAVAILABLE
    return CommandFailure(f"{failure}. The import ended after {counts}", code)


def is_successful(future: Future[ImportResult]) -> bool:
    """Return whether a file was finished before the end of the import."""
    return future.done() and not future.cancelled() and future.exception() is None
