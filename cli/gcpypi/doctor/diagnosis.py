"""The list of the checks, their execution, and their report."""

from collections.abc import Callable, Iterator, Sequence

from cloud.errors import CloudError
from gcpypi.doctor.cloud_checks import (
    check_buckets,
    check_dead_letters,
    check_roles,
    check_secret,
    check_services,
    check_topics,
)
from gcpypi.doctor.finding import Finding, Level, find_worst
from gcpypi.doctor.index_checks import check_description, check_index
from gcpypi.doctor.probes import Probes
from gcpypi.doctor.upload_checks import check_upload, check_uploaders
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.output import create_console, print_json, print_table

Check = Callable[[Probes], Sequence[Finding]]

OF_THE_INDEX: Sequence[Check] = (check_index, check_description)
OF_ITS_PARTS: Sequence[Check] = (
    check_buckets,
    check_roles,
    check_topics,
    check_dead_letters,
    check_secret,
    check_services,
    check_upload,
    check_uploaders,
)
"""Checks that need the names of the description."""


def diagnose(probes: Probes, more: Sequence[Check] = ()) -> Iterator[Finding]:
    """Yield the findings of all checks. Without a description, the rest is not checked."""
    for check in OF_THE_INDEX:
        yield from check(probes)
    try:
        probes.describe()
    except (CloudError, CommandFailure):
        yield Finding("parts", Level.UNCHECKED, "their names are in the description")
        return
    for check in (*OF_ITS_PARTS, *more):
        yield from check(probes)


def report(findings: Sequence[Finding], *, as_json: bool) -> ExitCode:
    """Print the findings, and return the exit code."""
    if as_json:
        print_json(
            [{"subject": f.subject, "result": f.level.value, "text": f.text} for f in findings]
        )
    else:
        rows = [(each.subject, each.level.value, each.text) for each in findings]
        print_table(create_console(), ("subject", "result", "finding"), rows)
    return choose_exit_code(findings)


def choose_exit_code(findings: Sequence[Finding]) -> ExitCode:
    """Return 4 if nothing answers, 1 after an error, otherwise 0."""
    if not any(each.level in (Level.OK, Level.WARNING) for each in findings):
        return ExitCode.UNAVAILABLE
    return ExitCode.REFUSED if find_worst(findings) is Level.ERROR else ExitCode.OK
