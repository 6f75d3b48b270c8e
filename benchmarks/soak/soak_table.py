"""Tables and verdict of the soak."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.soak.resource_samples import MEASURES, Period, Sample
from benchmarks.soak.trends import LEAST, Trend, fit_trend
from local import topology

BOUNDS: Mapping[str, float] = {"MiB": 30, "descriptors": 60, "threads": 60, "tasks": 60}
"""Largest accepted slopes per hour.

30 MiB an hour are 44 bytes a read at 200 reads a second, or 2.9 KiB an upload at 3 uploads a
second. 60 descriptors an hour are one in 180 uploads.
"""
WARM_UP = 0.2
"""Part of the run before the slopes: caches and pools of threads fill in it."""
GROWING = frozenset({"storage"})
"""Programs without a bound of memory.

The stand-in for Cloud Storage keeps the facts of each object in memory, and the bytes on disk.
"""
SIGNATURE, EXAMPLE = 80, 1000
"""Number of characters by which faults are grouped, and of the printed example of a group."""
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+)*")
HEAD = f"| program | {' | '.join(MEASURES)} |\n|---|{'---:|' * len(MEASURES)}"


def render_period(number: int, period: Period) -> str:
    """Render the table of one period."""
    rows = (f"| {name} | {_format_sample(sample)} |" for name, sample in period.means.items())
    disk = period.disk
    sizes = (
        f"disk: {disk.contents:.1f} MiB of large objects, {disk.database:.1f} MiB of database,"
        f" {disk.logs:.1f} MiB of logs"
    )
    return "\n".join((f"\nperiod {number}, means\n", HEAD, *rows, "", sizes))


def _format_sample(sample: Sample) -> str:
    return " | ".join(f"{sample[each]:.1f}" if each in sample else "" for each in MEASURES)


def fit_trends(periods: Sequence[Period]) -> Mapping[tuple[str, str], Trend]:
    """Return the trend of each measure of each program, by their names, after the warm-up."""
    rest = periods[round(len(periods) * WARM_UP) :]
    trends = {}
    for name, sample in rest[0].means.items() if len(rest) >= LEAST else ():
        for measure in sample:
            values = [period.means[name][measure] for period in rest]
            if trend := fit_trend([period.hours for period in rest], values):
                trends[name, measure] = trend
    return trends


def render_trends(trends: Mapping[tuple[str, str], Trend]) -> str:
    """Render the slopes per hour with their standard errors."""
    names = dict.fromkeys(name for name, _ in trends)
    head = " | ".join(f"{measure}, mean | slope per hour" for measure in MEASURES)
    lines = [f"| program | {head} |", f"|---|{'---:|' * 2 * len(MEASURES)}"]
    for name in names:
        cells = (trends.get((name, measure)) for measure in MEASURES)
        lines.append(f"| {name} | {' | '.join(map(_format_trend, cells))} |")
    return "\n".join(lines)


def _format_trend(trend: Trend | None) -> str:
    return " | " if trend is None else f"{trend.mean:.1f} | {trend.slope:+.0f} ± {trend.error:.0f}"


def find_excesses(trends: Mapping[tuple[str, str], Trend]) -> Iterator[str]:
    """Yield a sentence for each slope above its noise and its bound."""
    for (name, measure), trend in trends.items():
        if measure == "MiB" and name in GROWING:
            continue
        if trend.exceeds(BOUNDS[measure]):
            yield (
                f"{name}: {trend.slope:+.0f} ± {trend.error:.0f} {measure} an hour, above"
                f" {BOUNDS[measure]:g}"
            )


def find_error_lines(logs: Path) -> Iterator[str]:
    """Yield the error lines of the services, and those of the stand-ins."""
    for path in sorted(logs.iterdir()):
        signs = ('"severity":"ERROR"', '"severity":"CRITICAL"', "Traceback (most recent call last)")
        own = signs if path.name in topology.SERVICES else (*signs, " ERROR ")
        for line in path.read_text("utf-8", "replace").splitlines():
            if any(sign in line for sign in own):
                yield f"{path.name}: {line}"


def group_faults(faults: Iterable[str]) -> Iterator[str]:
    """Yield the first of all faults that differ in numbers only, with their number."""
    groups: dict[str, list[str]] = {}
    for fault in faults:
        groups.setdefault(_NUMBERS.sub("#", fault)[:SIGNATURE], []).append(fault)
    for group in sorted(groups.values(), key=len, reverse=True):
        yield f"{len(group):,} times, for example: {group[0][:EXAMPLE]}"
