"""Report of an import: tables or JSON to standard output, sentences to standard error."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gcpypi.errors import ExitCode
from gcpypi.importing.comparison import LASTING
from gcpypi.importing.import_result import ImportOutcome, ImportResult
from gcpypi.importing.import_run import FinishedImport, Report
from gcpypi.output import create_console, escape_unprintable, print_failure, print_json, print_table
from schemas.types import format_time

_FAULTS = (ImportOutcome.REFUSED, ImportOutcome.FAILED, ImportOutcome.UNANSWERED)


@contextmanager
def show_progress() -> Iterator[Callable[[int], Report]]:
    """Show a bar on standard error while files are imported, if that is a terminal."""
    console = create_console(stderr=True)
    columns = (TextColumn("import"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def start(files: int) -> Report:
        task = progress.add_task("import", total=files)
        return lambda result: progress.advance(task)

    with progress:
        yield start


def report_import(done: FinishedImport, *, as_json: bool) -> ExitCode:
    """Print the results, and return the exit code."""
    if as_json:
        print_json(describe_import(done))
    else:
        _print_tables(done)
    _print_sentences(done)
    if done.ending:
        print_failure(done.ending)
    return choose_exit_code(done)


def choose_exit_code(done: FinishedImport) -> ExitCode:
    """Return 3 if an answer is missing, 1 if a file is not in the index as at the source.

    An early end has its own code.
    """
    if done.ending:
        return done.ending.code
    outcomes = {result.outcome for result in done.results}
    answers = {yank.outcome for yank in done.yanks}
    if ImportOutcome.UNANSWERED in outcomes or "unanswered" in answers or not done.is_visible:
        return ExitCode.TIMEOUT
    faults = [each for each in done.differences if each.kind not in (*LASTING, "not yanked")]
    if outcomes & set(_FAULTS) or "refused" in answers or faults or done.listing.failures:
        return ExitCode.REFUSED
    return ExitCode.OK


def describe_import(done: FinishedImport) -> dict[str, object]:
    """Return the results as an object of JSON."""
    return {
        "source": done.source,
        "run": done.run,
        "dry_run": done.is_dry_run,
        "files": [_describe_file(result) for result in done.results],
        "yanks": [asdict(yank) for yank in done.yanks],
        "differences": [asdict(each) for each in done.differences],
        "statuses": dict(done.listing.statuses),
        "unreadable_projects": dict(done.listing.failures),
        **({"error": str(done.ending), "exit_code": int(done.ending.code)} if done.ending else {}),
    }


def _describe_file(result: ImportResult) -> dict[str, object]:
    return {
        "file": result.file.filename,
        "project": result.file.project,
        "place": result.file.place,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "detail": result.detail,
        "sha256": result.sha256,
        "upload_time": result.file.upload_time and format_time(result.file.upload_time),
        "warnings": list(result.warnings),
    }


def _print_tables(done: FinishedImport) -> None:
    console = create_console()
    faults = [result for result in done.results if result.outcome in _FAULTS]
    if faults:
        faults.sort(key=lambda result: (result.outcome, result.reason or "", result.file.filename))
        rows = [(r.file.filename, r.reason or r.outcome, r.detail or "") for r in faults]
        print_table(console, ("not imported", "reason", "detail"), rows)
    known = {result.file.filename for result in faults}
    differences = [each for each in done.differences if each.filename not in known]
    if faults and differences:
        console.print()
    if differences:
        print_table(
            console,
            ("file", "difference", "source", "index"),
            [(d.filename, d.kind, d.source, d.index) for d in differences],
        )


def _print_sentences(done: FinishedImport) -> None:
    console = create_console(stderr=True)

    def say(sentence: str) -> None:
        console.print(escape_unprintable(sentence))

    for project, cause in done.listing.failures.items():
        say(f"{done.source} has no readable page of {project}: {cause}. Import it again")
    for project, status in done.listing.statuses.items():
        say(f"{project} is {status} at the source, and active here: set the status yourself")
    for yank in done.yanks:
        if yank.outcome != "done":
            say(f"the yank of {yank.filename} is {yank.outcome}: {yank.detail or 'wait for it'}")
    if not done.is_visible:
        say("the pages do not list all imported files yet: import again to compare")
    if done.results or not done.ending:
        say(_summarize(done))


def _summarize(done: FinishedImport) -> str:
    counts = Counter(result.outcome for result in done.results)
    parts = [f"{counts[outcome]} {outcome}" for outcome in ImportOutcome if counts[outcome]]
    yanked = sum(yank.outcome == "done" for yank in done.yanks)
    end = f"{len(done.differences)} differences"
    if done.is_dry_run:
        end = "nothing was uploaded"
    elif done.ending:
        end = "not compared"
    return f"{', '.join([*parts, *([f'{yanked} yanked'] if yanked else [])])}; {end}"
