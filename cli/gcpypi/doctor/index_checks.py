"""Checks of the index itself: its answer, its release, the clock."""

from collections.abc import Sequence
from datetime import timedelta

from gcpypi.doctor.finding import Finding, Level, collect_failures
from gcpypi.doctor.probes import Probes
from schemas import __version__

MAX_SKEW = timedelta(seconds=30)
"""Largest difference of clocks without a warning."""


def check_index(probes: Probes) -> Sequence[Finding]:
    """Check that the index answers with the credentials, and compare the clocks."""
    findings = list[Finding]()
    with collect_failures("index", findings):
        answer = probes.fetch_list()
        findings.append(_judge_list(probes.index_url, answer.projects))
        if answer.date is None:
            findings.append(Finding("clock", Level.UNCHECKED, "the response has no valid Date"))
        else:
            findings.append(_compare_clocks(probes.read_clock() - answer.date))
    return findings


def _judge_list(url: str, projects: int | None) -> Finding:
    if projects is None:
        text = (
            f"{url} has no list of projects. That is right before the first file: publish one. "
            "Otherwise an operator runs gcpypi rebuild"
        )
        return Finding("index", Level.WARNING, text)
    return Finding("index", Level.OK, f"{url} answers")


def _compare_clocks(difference: timedelta) -> Finding:
    seconds = round(difference.total_seconds())
    if abs(difference) <= MAX_SKEW:
        return Finding("clock", Level.OK, "differs by less than 30 s from that of the index")
    direction = "ahead of" if seconds > 0 else "behind"
    text = f"{abs(seconds)} s {direction} the index: synchronise the clock of this machine"
    return Finding("clock", Level.WARNING, text)


def check_description(probes: Probes) -> Sequence[Finding]:
    """Check the description of the index, and compare its release with that of the command."""
    findings = list[Finding]()
    with collect_failures("description", findings):
        description = probes.describe()
        findings.append(
            Finding("description", Level.OK, f"Google Cloud project {description.gcp_project}")
        )
        findings.append(_compare_releases(description.version))
    return findings


def _compare_releases(release: str) -> Finding:
    if release == __version__:
        return Finding("release", Level.OK, f"gcpypi {release}")
    text = (
        f"the index has gcpypi {release}, the command {__version__}: upgrade the command with "
        "uv tool upgrade gcpypi, or the index with deploy/install"
    )
    return Finding("release", Level.WARNING, text)
