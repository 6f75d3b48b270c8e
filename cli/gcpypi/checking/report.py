"""Report of ``gcpypi check``: one line per file, and its warnings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from checks.policy import Policy
from gcpypi.checking.distribution_files import find_distributions
from gcpypi.checking.local_check import CheckedFile, check_files
from gcpypi.errors import ExitCode
from gcpypi.output import create_console, escape_unprintable, print_json


def report_checks(
    paths: Iterable[Path], policy: Policy, *, strict: bool, as_json: bool
) -> ExitCode:
    """Check the files, print the verdicts, and return the exit code."""
    policy = replace(policy, strict=strict or policy.strict)
    results = check_files(find_distributions(paths), policy)
    checked = _print_json(results) if as_json else _print_lines(results)
    return ExitCode.REFUSED if any(file.refused for file in checked) else ExitCode.OK


def _print_json(results: Iterable[CheckedFile]) -> Sequence[CheckedFile]:
    checked = list(results)
    print_json([describe_check(file) for file in checked])
    return checked


def _print_lines(results: Iterable[CheckedFile]) -> Sequence[CheckedFile]:
    console, checked = create_console(), list[CheckedFile]()
    for file in results:
        for line in _format_lines(file):
            console.print(line)
        checked.append(file)
    refused = sum(1 for file in checked if file.refused)
    summary = f"{len(checked) - refused} accepted, {refused} refused"
    create_console(stderr=True).print(summary)
    return checked


def _format_lines(file: CheckedFile) -> Iterator[str]:
    name = escape_unprintable(str(file.path))
    if file.refused:
        detail = escape_unprintable(file.refused.detail)
        yield f"[red]refused[/red]   {name}: {file.refused.reason}: {detail}"
    elif file.verified:
        yield f"[green]accepted[/green]  {name}"
        for warning in file.verified.warnings:
            yield f"[yellow]warning[/yellow]   {name}: {escape_unprintable(warning)}"


def describe_check(file: CheckedFile) -> dict[str, object]:
    """Return a verdict as an object of JSON."""
    if file.refused:
        reason, detail = str(file.refused.reason), file.refused.detail
        return {"file": str(file.path), "outcome": "refused", "reason": reason, "detail": detail}
    verified = file.verified
    facts = (
        {name: getattr(verified, name) for name in ("project", "version", "kind", "sha256", "size")}
        if verified
        else {}
    )
    warnings = list(verified.warnings) if verified else []
    return {"file": str(file.path), "outcome": "accepted", **facts, "warnings": warnings}
