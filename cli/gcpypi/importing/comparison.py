"""Comparison of the source with the pages of the index after an import."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from pypi_simple import DistributionPackage

from gcpypi.connection.answers import Polling
from gcpypi.importing.import_result import ImportDifference, ImportResult
from gcpypi.importing.sources.source_files import SourceFile
from gcpypi.importing.target_pages import TargetPages
from schemas.types import format_time

LASTING = ("other upload time", "other Requires-Python")
"""Differences that no repeated import changes, because the facts of a file are final."""


def wait_for_pages(pages: TargetPages, results: Sequence[ImportResult], timeout: float) -> bool:
    """Wait until the pages list all imported files; return False after ``timeout`` seconds."""
    pending = [result for result in results if result.is_listed]
    polling = Polling(timeout)
    for _ in polling.iterate_rounds():
        pages.refresh(result.file.project for result in pending if result.file.project)
        pending = [result for result in pending if _find(pages, result.file) is None]
        if not pending:
            return True
    return False


def compare(
    pages: TargetPages, results: Iterable[ImportResult], awaited_yanks: bool
) -> Iterator[ImportDifference]:
    """Yield all differences of the files of a source from the index.

    :param awaited_yanks: leave out yanks, because their commands are not answered yet.
    """
    results = list(results)
    pages.load(result.file.project for result in results if result.file.project)
    for result in results:
        file, listed = result.file, _find(pages, result.file)
        if listed is None:
            cause = result.reason or result.outcome
            yield ImportDifference(file.filename, "missing", result.sha256 or "", str(cause))
            continue
        yield from _compare_file(result, listed, awaited_yanks)


def _compare_file(
    result: ImportResult, listed: DistributionPackage, awaited_yanks: bool
) -> Iterator[ImportDifference]:
    file, stored = result.file, listed.digests.get("sha256", "")
    if result.sha256 and stored != result.sha256:
        yield ImportDifference(file.filename, "other digest", result.sha256, stored)
    if file.yanked is not None and not listed.is_yanked and not awaited_yanks:
        yield ImportDifference(file.filename, "not yanked", file.yanked or "yanked", "not yanked")
    if file.upload_time and file.upload_time != listed.upload_time:
        found = format_time(listed.upload_time.astimezone(UTC)) if listed.upload_time else "none"
        yield ImportDifference(
            file.filename, "other upload time", format_time(file.upload_time), found
        )
    if file.requires_python and file.requires_python != listed.requires_python:
        found = listed.requires_python or "none"
        yield ImportDifference(file.filename, "other Requires-Python", file.requires_python, found)


def _find(pages: TargetPages, file: SourceFile) -> DistributionPackage | None:
    return pages.get_files(file.project).get(file.filename) if file.project else None
