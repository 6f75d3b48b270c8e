"""Results of a run: a table or JSON, and the exit code."""

from collections import Counter
from collections.abc import Iterator, Sequence

from gcpypi.errors import ExitCode
from gcpypi.output import create_console, escape_unprintable, print_json, print_table
from gcpypi.publishing.publication import Publication, Stage

SHOWN = 20
"""Most files of one result without a remedy that have a row each."""

DONE = (Stage.PUBLISHED, Stage.PRESENT)


def choose_exit_code(files: Sequence[Publication], finished: Sequence[Stage]) -> ExitCode:
    """Return the exit code of a run that was not interrupted.

    :param finished: stages that end the wait, apart from a refusal.
    """
    stages = {file.stage for file in files}
    if Stage.REFUSED in stages:
        return ExitCode.REFUSED
    if stages & {Stage.FAILED, Stage.WAITING}:
        return ExitCode.UNAVAILABLE
    return ExitCode.OK if stages <= set(finished) else ExitCode.TIMEOUT


def print_results(files: Sequence[Publication]) -> None:
    """Print a table: each file with a remedy and its detail, and the others if they are few."""
    rows = [row for stage in Stage for row in _format_rows(stage, files)]
    print_table(create_console(), ("result", "file"), rows)


def _format_rows(stage: Stage, files: Sequence[Publication]) -> Iterator[tuple[str, str]]:
    mine = [file for file in files if file.stage is stage]
    alone = [file for file in mine if file.detail or len(mine) <= SHOWN]
    if rest := len(mine) - len(alone):
        yield str(stage), f"{rest} files"
    for file in alone:
        yield str(stage), file.filename
        if file.detail:
            yield "", f"{file.reason}: {file.detail}" if file.reason else file.detail


def summarize(files: Sequence[Publication]) -> str:
    """Return the numbers of files by stage as a phrase."""
    counts = Counter(file.stage for file in files)
    return ", ".join(f"{counts[stage]} {stage}" for stage in Stage if counts[stage])


def print_warnings(files: Sequence[Publication]) -> None:
    """Print the warnings of the local check to standard error, at most some."""
    console = create_console(stderr=True)
    lines = [f"{file.filename}: {warning}" for file in files for warning in file.warnings]
    for line in lines[:SHOWN]:
        console.print(f"[yellow]warning[/yellow] {escape_unprintable(line)}")
    if len(lines) > SHOWN:
        console.print(f"{len(lines) - SHOWN} more warnings: gcpypi check prints them")


def print_results_as_json(name: str, files: Sequence[Publication]) -> None:
    """Print one JSON object with each file.

    :param name: ``<uploader>/<run id>``.
    """
    uploader, _, run = name.partition("/")
    described = [_describe(file) for file in files]
    counts = Counter(str(file.stage) for file in files)
    print_json({"uploader": uploader, "run": run, "counts": dict(counts), "files": described})


def _describe(file: Publication) -> dict[str, object]:
    return {
        "file": str(file.path),
        "project": file.project,
        "result": str(file.stage),
        "reason": file.reason,
        "detail": file.detail,
        "sha256": file.sha256,
        "object": file.name,
        "generation": str(file.generation) if file.generation else None,
        "warnings": list(file.warnings),
    }
