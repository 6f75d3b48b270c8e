"""Bars of the releases per month."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

MONTHS = 24
"""Number of months in the chart."""
HEIGHT = 40
"""Height of the highest bar, in the units of the drawing."""
FEWEST = 3
"""Smallest number of releases for a chart."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Bar of one month."""

    month: str
    """Year and month, for example ``2026-11``."""
    releases: int
    """Number of releases."""
    position: int
    """Horizontal position: number of months after the first bar."""
    height: int
    """Height: 0 without releases, else 2 or more."""


def draw_chart(times: Iterable[datetime]) -> list[Bar]:
    """Return the bars of the last 24 months up to the newest release.

    It is empty for few releases, and for releases of one month.

    The chart does not depend on the current time, so that equal records give equal pages.
    """
    counts = Counter(_number_month(time) for time in times)
    if counts.total() < FEWEST or len(counts) < 2:
        return []
    last = max(counts)
    months = range(last - MONTHS + 1, last + 1)
    highest = max(counts[month] for month in months)
    return [
        Bar(_name_month(month), counts[month], position, _scale(counts[month], highest))
        for position, month in enumerate(months)
    ]


def _scale(releases: int, highest: int) -> int:
    return max(2, round(HEIGHT * releases / highest)) if releases else 0


def _number_month(time: datetime) -> int:
    return time.year * 12 + time.month - 1


def _name_month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"
